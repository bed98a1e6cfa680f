# The launcher of a contained process tree: makes its namespaces, builds the world it sees, starts it.
#
#   perl contain.pl PLAN PROGRAM ARGUMENT…
#
# PLAN is a file of fields that end in NUL, written by world.py: a header, then operations in order. The
# launcher decides nothing: it does what the plan says or ends with 125 and one line on stderr, before
# PROGRAM has started. Otherwise it ends with PROGRAM's exit code (128 + n after signal n).
#
# Three processes: this one waits outside; its child is process 1 of the tree's own process namespace, and when
# it ends, or its parent does, the kernel kills the whole tree; the grandchild becomes PROGRAM. PROGRAM lives one
# user namespace further in than the one that owns the mounts, so it can neither undo nor change them.
#
# It loads no module, not even `strict`, which would take longer than all the kernel does here. A test compiles
# it with `strict` and `warnings`.

BEGIN { (my $folder = __FILE__) =~ s{[^/]*\z}{}; require "${folder}mounting.pl" }

our (%header, %number);
my ($plan_path, @program) = @ARGV;
read_plan($plan_path);
my ($uid, $gid, $base) = map { 0 + $_ } @header{qw(uid gid base)};

# A child in namespaces of its own from its first moment on: 0 in the child.
sub born_in {
    my ($what, $namespaces) = @_;
    return call($what, 'clone', 17 | $namespaces, 0, 0, 0, 0);    # SIGCHLD
}

# Root's own view of the host: the owners of files are shifted as the user ids of `user` are, a user namespace,
# so that its files stay its own.
sub shift_root {
    my ($user) = @_;
    my ($stage, @mounts) = split /\n/, $header{mounts};
    my @copies = map { [$_, copy_of($_, m{^/(?:proc|sys|dev)$})] } '/', @mounts;
    for my $copy (@copies) {
        my ($path, $mount) = @$copy;
        my $shifted = set_attributes($mount, IDMAP, 0, fileno $user);
        fail("shifted owners of $path: $!") unless $shifted or $path ne '/';
        attach($mount, $path eq '/' ? $stage : "$stage$path");
    }
    chdir $stage or fail("$stage: $!");
    call('new root', 'pivot_root', my $new = '.', my $old = '.');
    call('old root', 'umount', my $here = '.', 2);
    chdir '/';
}

$SIG{$_} = 'IGNORE' for qw(INT QUIT HUP TERM TSTP TTIN TTOU PIPE);
call('die with parent', 'prctl', 1, 9, 0, 0, 0);
syscall($number{close_range}, 3, 0xffffffff, 4);    # what was left open is not for PROGRAM
syscall($number{keyctl}, 1, 0);                      # a session keyring of its own

pipe(my $go_read, my $go_write) or fail("pipe: $!");
my $first;
if ($base) {
    call('mount namespace', 'unshare', NEWNS);
    call('private mounts', 'mount', my $none = 'none', my $root = '/', 0, 0x44000, 0);
    $first = born_in('namespaces', NEWUSER | NEW_OTHERS) or first_process();
    # Ids 0..65535 in there are BASE..BASE+65535 out here: its root owns nothing of this machine.
    write_file("/proc/$first/$_", "0 $base 65536\n") for qw(uid_map gid_map);
    open(my $user, '<', "/proc/$first/ns/user") or fail("user namespace: $!");
    shift_root($user);
    syswrite($go_write, '.');
} else {
    $first = born_in('namespaces', NEWUSER | NEWNS | NEW_OTHERS) or first_process();
}
close $go_read;
exit wait_for($first, 0);

# Process 1 of the tree: builds the world, starts PROGRAM, collects orphans.
sub first_process {
    close $go_write;    # only its parent holds it open from now on
    call('die with parent', 'prctl', 1, 9, 0, 0, 0);
    if ($base) {
        sysread($go_read, my $byte, 1) or exit 125;
        chdir '/';
        call('groups', 'setgroups', 0, 0);
        call('group', 'setgid', 0);
        call('user', 'setuid', 0);
        call('own /proc files', 'prctl', 4, 1, 0, 0, 0);    # a change of user takes both away
        call('die with parent', 'prctl', 1, 9, 0, 0, 0);
        call('mount namespace', 'unshare', NEWNS);
    } else {
        map_own_ids('self');
    }
    run_plan();
    my $ready = '';
    vec($ready, fileno $go_read, 1) = 1;
    exit 125 if select($ready, undef, undef, 0);    # the parent died before its death could be noticed
    pipe(my $mapped_read, my $mapped_write) or fail("pipe: $!");
    my $child = born_in('inner namespaces', NEWUSER | NEWNS);
    if (!$child) {
        close $mapped_write;
        sysread($mapped_read, my $byte, 1) or exit 125;
        become_program();
    }
    map_own_ids($child);
    syswrite($mapped_write, '.');
    call('closed /proc files', 'prctl', 4, 0, 0, 0, 0);
    exit wait_for($child, 1);
}

# In the new user namespace of process `pid` everybody has the id they have here.
sub map_own_ids {
    my ($pid) = @_;
    write_file("/proc/$pid/setgroups", 'deny') unless $base;
    write_file("/proc/$pid/uid_map", $base ? "0 0 65536\n" : "$uid $uid 1\n");
    write_file("/proc/$pid/gid_map", $base ? "0 0 65536\n" : "$gid $gid 1\n");
}

sub become_program {
    call('die with parent', 'prctl', 1, 9, 0, 0, 0);
    call('no new privileges', 'prctl', 38, 1, 0, 0, 0);
    # A signal to its own process group must not reach those outside that started it.
    if (-t STDIN) {
        setpgrp(0, 0);
        ioctl(STDIN, 0x5410, pack('i', $$));    # TIOCSPGRP: the terminal's keys are for PROGRAM
    } else {
        syscall($number{setsid});
    }
    chdir $header{cwd} or fail("$header{cwd}: $!");
    $SIG{$_} = 'DEFAULT' for qw(INT QUIT HUP TERM TSTP TTIN TTOU PIPE);
    exec { $program[0] } @program or fail("$program[0]: $!");
}

# Wait for CHILD, collecting all others; there is no shell that would bring a stopped program back.
sub wait_for {
    my ($child, $wake) = @_;
    while ((my $pid = waitpid(-1, $wake ? 2 : 0)) > 0) {
        next if $pid != $child;
        if ((${^CHILD_ERROR_NATIVE} & 0xff) == 0x7f) {    # stopped, which $? does not say
            # A pause from outside stops this process first, so what is seen here is PROGRAM stopping itself.
            kill 'CONT', $child if $wake;
            next;
        }
        return $? & 127 ? 128 + ($? & 127) : $? >> 8;
    }
    return 125;
}
