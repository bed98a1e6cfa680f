# bash as the agent of a run gets it: in a sandbox, unless the gate has marked the command.
#
# It stands in a folder of the run under the name `bash`, beside what it loads and its plan, and Claude Code
# starts it in place of bash, with the same arguments. No network but the run's own, which a process started by
# network.pl holds open; mounts as the plan says; no rights over either. If that cannot be had, it ends with 125
# and one line on stderr, and the command has not run.

BEGIN { (my $folder = __FILE__) =~ s{[^/]*\z}{}; require "${folder}mounting.pl" }

our (%header, %number);
(my $folder = __FILE__) =~ s{[^/]*\z}{};
read_plan("${folder}plan");

sub confine {
    my ($holder) = @_;
    my @sockets = $header{alone} ? listening_sockets() : ();
    open(my $user, '<', "/proc/$holder/ns/user") or fail("the run's network is gone: $!");
    open(my $network, '<', "/proc/$holder/ns/net") or fail("the run's network is gone: $!");
    call('user namespace', 'setns', fileno $user, NEWUSER);
    call('network', 'setns', fileno $network, NEWNET);
    call('mount namespace', 'unshare', NEWNS);
    my $here = readlink '/proc/self/cwd';
    run_plan();
    chdir $here or chdir '/';    # the folder of that name, as it is mounted now
    cover($_) for @sockets;
    for my $right (0 .. 63) {
        last if syscall($number{prctl}, 24, $right, 0, 0, 0) == -1;    # PR_CAPBSET_DROP
    }
    call('ambient rights', 'prctl', 47, 4, 0, 0, 0);
    call('no new privileges', 'prctl', 38, 1, 0, 0, 0);
    call('die with parent', 'prctl', 1, 9, 0, 0, 0);
}

# Socket files that somebody listens on by now; they can be seen from outside only.
sub listening_sockets {
    open(my $sockets, '<:raw', '/proc/net/unix') or fail("/proc/net/unix: $!");
    return map { m{^\S+(?:\s+\S+){6}\s(/.*)$} ? $1 : () } <$sockets>;
}

delete $ENV{CLAUDE_CODE_SHELL};
my $holder = delete $ENV{SUPERVISE_NETWORK} // 0;
$ENV{SHELL} = $header{bash};
my $words = "@ARGV";
# Claude Code asks it once, at its start, for a file that every command begins with, and cannot write.
if (index($words, $header{mark}) == -1 and index($words, '-c -l SNAPSHOT_FILE=') != 0) {
    $ENV{TMPDIR} = $header{tmp} if $header{tmp};
    if ($header{proxy}) {
        @ENV{qw(http_proxy https_proxy HTTP_PROXY HTTPS_PROXY)} = ($header{proxy}) x 4;
        @ENV{qw(no_proxy NO_PROXY)} = ('localhost,127.0.0.1') x 2;
    }
    confine($holder);
}
exec { $header{bash} } $header{bash}, @ARGV or fail("$header{bash}: $!");
