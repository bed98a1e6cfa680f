# What is mounted where, by a plan: for the launcher of a contained tree (contain.pl) and for the sandbox of one
# command (confine.pl), which both load it.
#
# A plan is a text of fields that end in NUL, written by mount_plan.py: a header, then operations in order. What it
# says is done, or `fail` ends the program.
#
# It loads no module, not even `strict`, which would take longer than all the kernel does here. A test compiles
# it with `strict` and `warnings`.

our (%header, @plan, %number);

sub read_plan {
    my ($path) = @_;
    open(my $file, '<:raw', $path) or fail("$path: $!");
    @plan = do { local $/; split /\0/, scalar(<$file>), -1 };
    while (@plan and (my $key = shift @plan) ne 'begin') { $header{$key} = shift @plan }
    %number = $header{machine} eq 'x86_64'
        ? (mount => 165, umount => 166, pivot_root => 155, prctl => 157, unshare => 272, clone => 56, setns => 308,
           setuid => 105, setgid => 106, setgroups => 116, setsid => 112, keyctl => 250, capset => 126)
        : (mount => 40, umount => 39, pivot_root => 41, prctl => 167, unshare => 97, clone => 220, setns => 268,
           setuid => 146, setgid => 144, setgroups => 159, setsid => 157, keyctl => 219, capset => 91);
    %number = (%number, open_tree => 428, move_mount => 429, fsopen => 430, fsconfig => 431, fsmount => 432,
        pidfd_open => 434, close_range => 436,
        mount_setattr => 442);
}

sub CWD() { -100 }
sub CLOEXEC() { 0x80000 }
sub EMPTY_PATH() { 0x1000 }
sub RECURSIVE() { 0x8000 }
sub NEWNS() { 0x20000 }
sub NEWUSER() { 0x10000000 }
sub NEWNET() { 0x40000000 }
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

# Nothing can be connected to at this socket; it may have gone by now, or be out of reach in here.
sub cover {
    my ($path) = @_;
    my $tries = 100;
    while (-S $path && syscall($number{mount}, my $null = '/dev/null', $path, 0, 0x1000, 0) == -1) {    # MS_BIND
        fail("cover of $path: $!") unless --$tries;
    }
}

# What is there by now becomes read-only where it stands.
sub hold {
    my ($path) = @_;
    return unless -e $path;
    my $copy = copy_of($path, 1);
    set_attributes($copy, RDONLY, RECURSIVE) or fail("read-only $path: $!");
    attach($copy, $path);
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
    cover => \&cover,
    hold => \&hold,
    # seal PATH: this one mount becomes read-only
    seal => sub {
        my $mount = call("seal $_[0]", 'open_tree', CWD, $_[0], CLOEXEC);
        set_attributes($mount, RDONLY, 0) or fail("seal $_[0]: $!");
    },
);
my %arity = (layer => 2, copy => 3, overlay => 4, readonly => 0, folder => 1, file => 1, link => 2, attach => 2,
    fresh => 3, cover => 1, hold => 1, seal => 1);

sub run_plan {
    call('private mounts', 'mount', my $none = 'none', my $root = '/', 0, 0x44000, 0);    # MS_REC | MS_PRIVATE
    while (@plan and (my $name = shift @plan) ne 'end') {
        my $run = $operation{$name} or fail("plan: $name");
        $run->(splice @plan, 0, $arity{$name});
    }
}

1;
