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

my ($plan_path, @program) = @ARGV;
open(my $plan, '<:raw', $plan_path) or fail("$plan_path: $!");
my @plan = do { local $/; split /\0/, scalar(<$plan>), -1 };
close $plan;

my %header;
while (@plan and (my $key = shift @plan) ne 'begin') { $header{$key} = shift @plan }
my ($uid, $gid, $base) = map { 0 + $_ } @header{qw(uid gid base)};

my %number = $header{machine} eq 'x86_64'
    ? (mount => 165, umount => 166, pivot_root => 155, prctl => 157, unshare => 272, clone => 56,
       setuid => 105, setgid => 106, setgroups => 116, setsid => 112, keyctl => 250)
    : (mount => 40, umount => 39, pivot_root => 41, prctl => 167, unshare => 97, clone => 220,
       setuid => 146, setgid => 144, setgroups => 159, setsid => 157, keyctl => 219);
%number = (%number, open_tree => 428, move_mount => 429, fsopen => 430, fsconfig => 431, fsmount => 432,
    close_range => 436, mount_setattr => 442);

sub CWD() { -100 }
sub CLOEXEC() { 0x80000 }
sub EMPTY_PATH() { 0x1000 }
sub RECURSIVE() { 0x8000 }
sub NEWNS() { 0x20000 }
sub NEWUSER() { 0x10000000 }
sub NEW_OTHERS() { 0x20000000 | 0x8000000 | 0x4000000 }    # PID, IPC, UTS
sub RDONLY() { 1 }
sub NOSUID() { 2 }
sub NODEV() { 4 }
sub IDMAP() { 0x100000 }

sub fail { my ($what) = @_; syswrite(STDERR, "supervise: containment: $what\n"); exit 125 }

sub call {
    my ($what, $name, @arguments) = @_;
    my $got = syscall($number{$name}, @arguments);
    fail("$what: $!") if $got == -1;
    return $got;
}

# A child in namespaces of its own from its first moment on: 0 in the child.
sub born_in {
    my ($what, $namespaces) = @_;
    return call($what, 'clone', 17 | $namespaces, 0, 0, 0, 0);    # SIGCHLD
}

sub set_attributes {
    my ($fd, $set, $flags, $user) = @_;
    my $attributes = pack('Q4', $set, 0, 0, $user || 0);
    return syscall($number{mount_setattr}, $fd, my $here = '', EMPTY_PATH | $flags, $attributes, 32) != -1;
}

sub attach {
    my ($fd, $path) = @_;
    call("mount on $path", 'move_mount', $fd, my $here = '', CWD, $path, 4);
}

sub write_file {
    my ($path, $text) = @_;
    open(my $file, '>', $path) or fail("$path: $!");
    (syswrite($file, $text) // -1) == length $text or fail("$path: $!");
    close $file;
}

sub copy_of {
    my ($path, $recursive) = @_;
    return call("copy of $path", 'open_tree', CWD, $path, 1 | CLOEXEC | ($recursive ? RECURSIVE : 0));
}

# The folders above a mount point, as far as they can be made: most exist, and where not, the mount will say so.
sub make_point {
    my ($path, $kind) = @_;
    return if -e $path;
    my ($built, @parts) = ('', grep { length } split m{/}, $path);
    my $last = pop @parts;
    mkdir($built .= "/$_", 0755) for @parts;
    return mkdir($path, 0755) if $kind eq 'folder';
    open(my $file, '>>', $path);
}

my %fd;
my @opened;
my %operation = (
    # layer NAME PATH: a folder to build an overlay from
    layer => sub {
        my ($name, $path) = @_;
        sysopen(my $handle, $path, 0x210000) or fail("$path: $!");    # O_PATH | O_DIRECTORY
        push @opened, $handle;
        $fd{$name} = fileno $handle;
    },
    # copy NAME PATH ro|rw: a mount of PATH, with what is mounted below it, as it stands now
    copy => sub {
        my ($name, $path, $access) = @_;
        $fd{$name} = copy_of($path, 1);
        set_attributes($fd{$name}, NOSUID | ($access eq 'ro' ? RDONLY : 0), RECURSIVE)
            or fail("attributes of $path: $!");
    },
    # overlay NAME LOWER UPPER WORK: layers named by descriptor, so no character of a path means anything
    overlay => sub {
        my ($name, $lower, $upper, $work) = @_;
        my $fs = call('overlay', 'fsopen', my $type = 'overlay', 1);
        my @options = (source => 'shadow', lowerdir => "/proc/self/fd/$fd{$lower}",
            upperdir => "/proc/self/fd/$fd{$upper}", workdir => "/proc/self/fd/$fd{$work}");
        while (my ($key, $value) = splice(@options, 0, 2)) {
            call("overlay $key", 'fsconfig', $fs, 1, $key, $value, 0);
        }
        call('overlay userxattr', 'fsconfig', $fs, 0, my $flag = 'userxattr', 0, 0);
        call("overlay for $name", 'fsconfig', $fs, 6, 0, 0, 0);
        $fd{$name} = call("overlay mount for $name", 'fsmount', $fs, 1, NOSUID | NODEV);
    },
    # readonly: everything that is mounted by now
    readonly => sub {
        my $root = call('root', 'open_tree', CWD, my $path = '/', CLOEXEC);
        set_attributes($root, RDONLY | NOSUID, RECURSIVE) or fail("read-only root: $!");
    },
    folder => sub { make_point($_[0], 'folder') },
    file => sub { make_point($_[0], 'file') },
    link => sub { symlink($_[0], $_[1]) },
    attach => sub { attach($fd{$_[0]}, $_[1]) },
    # fresh TYPE PATH OPTIONS: a new, private file system
    fresh => sub {
        my ($type, $path, $options) = @_;
        call("$type on $path", 'mount', my $source = $type, $path, $type, $type eq 'devpts' ? 2 | 8 : 2 | 4 | 8,
            $options);
    },
    # cover PATH: nothing can be connected to there; it may have gone by now, or be out of reach in here
    cover => sub {
        my ($path, $tries) = ($_[0], 100);
        while (-S $path && syscall($number{mount}, my $null = '/dev/null', $path, 0, 0x1000, 0) == -1) {    # MS_BIND
            fail("cover of $path: $!") unless --$tries;
        }
    },
    # seal PATH: this one mount becomes read-only
    seal => sub {
        my $mount = call("seal $_[0]", 'open_tree', CWD, $_[0], CLOEXEC);
        set_attributes($mount, RDONLY, 0) or fail("seal $_[0]: $!");
    },
);
my %arity = (layer => 2, copy => 3, overlay => 4, readonly => 0, folder => 1, file => 1, link => 2, attach => 2,
    fresh => 3, cover => 1, seal => 1);

sub run_plan {
    call('private mounts', 'mount', my $none = 'none', my $root = '/', 0, 0x44000, 0);    # MS_REC | MS_PRIVATE
    while (@plan and (my $name = shift @plan) ne 'end') {
        my $run = $operation{$name} or fail("plan: $name");
        $run->(splice @plan, 0, $arity{$name});
    }
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
