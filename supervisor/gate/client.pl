# The hook client: carries one hook event from Claude Code to the gate and prints the gate's decision.
#
#   perl client.pl SOCKET GATE_PID NONCE DEADLINE_S   < event   > decision
#
# Promise: it prints one whole decision in one write and exits 0, or prints nothing and exits 2, which
# Claude Code always takes as a block. It uses no module and no pattern, so it starts in about 2 ms.
#
# It sends `NONCE LENGTH\n` and LENGTH bytes of JSON. The gate answers with one frame, `supervise NONCE
# LENGTH\n` and LENGTH bytes of JSON, and hears `taken\n` once Claude Code has them. While a call waits for
# the operator the gate sends an empty line now and then, which is sent back; DEADLINE_S is the longest
# silence that is accepted.

my ($path, $gate_pid, $nonce, $deadline) = @ARGV;

sub refuse {
    my ($why) = @_;
    syswrite(STDERR, "supervise: the gate gave no decision ($why). Nothing was executed. "
        . "The supervisor has stopped this run; do not try again.\n");
    exit 2;
}

$SIG{ALRM} = sub { refuse("no answer within ${deadline} s") };
$SIG{PIPE} = sub { refuse("the connection broke") };
$SIG{TERM} = sub { refuse("terminated") };
$SIG{__DIE__} = sub { refuse("client error") };
alarm $deadline;

my $event = '';
while (my $got = sysread(STDIN, $event, 1 << 20, length $event)) { }
$event = "$nonce " . length($event) . "\n" . $event;

# AF_UNIX and SOCK_STREAM are 1 everywhere; BSDs carry a length byte before the family.
my $bsd = $^O ne 'linux';
my $name = $bsd ? pack('CCa104', 106, 1, $path) : pack('Sa108', 1, $path);
socket(my $gate, 1, 1, 0) or refuse("socket: $!");
connect($gate, $name) or refuse("$!");
# SOL_SOCKET, SO_PEERCRED: whoever listens must be the very process that launched us. In a shadow it is a
# process of an outer namespace, which shows as 0: there too it is nobody of the run.
unless ($bsd) {
    my ($pid) = unpack('iii', getsockopt($gate, 1, 17) || '');
    defined $pid && ($pid == $gate_pid || $pid == 0) or refuse("another process listens on its socket");
}

sub say_to_gate {
    my ($words) = @_;
    for (my $sent = 0; $sent < length $words;) {
        my $wrote = syswrite($gate, $words, length($words) - $sent, $sent);
        defined $wrote or refuse("$!");
        $sent += $wrote;
    }
}
say_to_gate($event);

my $begins = "supervise $nonce ";
my ($reply, $decision) = ('');
until (defined $decision) {
    my $got = sysread($gate, $reply, 1 << 20, length $reply);
    alarm $deadline;
    if (substr($reply, 0, 1) eq "\n") {
        $reply = substr($reply, 1) while substr($reply, 0, 1) eq "\n";
        say_to_gate("\n");
    }
    index($begins, substr $reply, 0, length $begins) == 0 or refuse('answer not understood');
    my $end = index($reply, "\n");
    if ($end >= 0) {
        my $length = substr($reply, length $begins, $end - length $begins);
        length $length < 10 && $length eq int $length && $length > 1 or refuse('answer not understood');
        my $missing = $end + 1 + $length - length $reply;
        $missing >= 0 or refuse('answer not understood');
        $decision = substr($reply, $end + 1) if $missing == 0;
    }
    elsif (length $reply > 100) {
        refuse('answer not understood');
    }
    $got or defined $decision or refuse($reply eq '' ? 'empty answer' : 'answer cut short');
}
alarm $deadline;    # for the two writes below

my $wrote = syswrite(STDOUT, $decision);
defined $wrote && $wrote == length $decision or refuse('could not pass the decision on');
say_to_gate("taken\n");
exit 0;
