# Starts PROGRAM, and beside it a process that holds the network of its commands open: one that leads nowhere.
#
#   perl network.pl PLAN PROGRAM ARGUMENT…
#
# PROGRAM's own network stays as it is. It finds the process id of the holder in SUPERVISE_NETWORK, and its commands
# join that one's namespaces (confine.pl), so that what one of them serves the next can reach. The holder ends
# with PROGRAM, and is no child of its: a program may be confused by one that it did not start.

BEGIN { (my $folder = __FILE__) =~ s{[^/]*\z}{}; require "${folder}mounting.pl" }

our (%header, %number);
my ($plan, @program) = @ARGV;
read_plan($plan);

sub hold_open {
    my ($program, $made, $mapped) = @_;
    my $end = call('watch', 'pidfd_open', $program, 0);
    call('session', 'setsid');
    call('namespaces', 'unshare', NEWUSER | NEWNET);
    syswrite($made, "$$\n");
    sysread($mapped, my $byte, 1) or exit 125;
    socket(my $any, 2, 2, 0) or fail("socket: $!");
    ioctl($any, 0x8914, my $up = pack('a16 s a22', 'lo', 0x41, '')) or fail("loopback: $!");    # SIOCSIFFLAGS
    serve_hosts() if $header{socket};
    call('rights', 'capset', my $head = pack('LL', 0x20080522, 0), my $none = pack('L6', (0) x 6));
    call('own /proc files', 'prctl', 4, 1, 0, 0, 0);
    $SIG{$_} = 'IGNORE' for qw(INT QUIT HUP TERM TSTP TTIN TTOU PIPE);
    $0 = $header{holder};
    open($_->[0], $_->[1], '/dev/null') for [\*STDIN, '<'], [\*STDOUT, '>'], [\*STDERR, '>'];
    syswrite($made, '.');
    close $made;
    vec(my $ended = '', $end, 1) = 1;
    1 until select(my $ready = $ended, undef, undef, undef) > 0;
    exit 0;
}

# What leads to the hosts that the operator has opened: a port of this network.
sub serve_hosts {
    my $child = fork // fail("fork: $!");
    if (!$child) {
        call('die with parent', 'prctl', 1, 9, 0, 0, 0);
        open($_->[0], $_->[1], '/dev/null') for [\*STDIN, '<'], [\*STDOUT, '>'], [\*STDERR, '>'];
        exec 'socat', "TCP-LISTEN:$header{port},bind=127.0.0.1,fork", "UNIX-CONNECT:$header{socket}";
        exit 125;
    }
    for (1 .. 500) {
        socket(my $to, 2, 1, 0) or fail("socket: $!");
        return if connect($to, pack('S n a4 x8', 2, $header{port}, pack('C4', 127, 0, 0, 1)));
        select(undef, undef, undef, 0.01);
    }
    fail('socat does not listen');
}

# In the new user namespace everybody has the id they have here, as far as we may say so.
sub map_ids {
    my ($pid) = @_;
    for my $kind (qw(uid gid)) {
        my @ranges;
        open(my $own, '<', "/proc/self/${kind}_map") or fail("/proc/self/${kind}_map: $!");
        while (<$own>) { my ($first, undef, $count) = split; push @ranges, "$first $first $count\n" }
        my $own_id = $kind eq 'uid' ? $> : (split ' ', $))[0];
        if ($>) {
            write_file("/proc/$pid/setgroups", 'deny') if $kind eq 'uid';
            @ranges = ("$own_id $own_id 1\n");
        }
        write_file("/proc/$pid/${kind}_map", join '', @ranges);
    }
}

pipe(my $made_read, my $made_write) or fail("pipe: $!");
pipe(my $mapped_read, my $mapped_write) or fail("pipe: $!");
my $program = $$;
my $between = fork // fail("fork: $!");
if (!$between) {
    close $made_read;
    close $mapped_write;
    hold_open($program, $made_write, $mapped_read) if !(fork // fail("fork: $!"));
    exit 0;
}
close $made_write;
waitpid($between, 0);
sysread($made_read, my $holder, 64) or exit 125;
chomp $holder;
map_ids($holder);
syswrite($mapped_write, '.');
sysread($made_read, my $byte, 1) or exit 125;
$ENV{SUPERVISE_NETWORK} = $holder;
exec { $program[0] } @program or fail("$program[0]: $!");
