package modules

import (
	"context"
	"io"
	"io/fs"
	"net"
	"time"
)

// System is all that a module may touch. Reading methods work in check mode too;
// changing ones are recorded, and in check mode only recorded.
type System interface {
	Reader
	Writer
	TreeWriter
	Commands
	Network
	Content
	Scratch
	Accounts
	Locks
}

// Stat describes a file as lstat does.
type Stat struct {
	Path       string
	Mode       fs.FileMode // type and permission bits
	Size       int64
	UID, GID   int
	ModTime    time.Time
	AccessTime time.Time
	ChangeTime time.Time
	Inode, Dev uint64
	Links      uint64
	Rdev       uint64 // of a device, which one
	Blocks     int64  // of 512 bytes
	BlockSize  int64
	// Target is where a symlink points, as written.
	Target string
}

// Space is what a file system has left for an ordinary user.
type Space struct {
	Bytes  uint64
	Inodes uint64
}

// Reader reads files. Errors of a missing file satisfy errors.Is(err, fs.ErrNotExist).
type Reader interface {
	// Lstat describes path itself; Stat what it points to.
	Lstat(path string) (Stat, error)
	Stat(path string) (Stat, error)
	Open(path string) (io.ReadCloser, error)
	ReadDir(path string) ([]Stat, error)
	// Space tells what is free where path lies; path itself need not exist.
	Space(path string) (Space, error)
}

// Attributes are the mode and owner that a file shall have; nil and empty ones are left
// as they are (a new file gets mode 0666 less the umask).
type Attributes struct {
	// Mode is the permission bits with setuid, setgid and sticky in Go's places.
	Mode *fs.FileMode
	// Owner and Group are names or numbers.
	Owner, Group string
}

// Writer changes single files. Each change is atomic: written beside the target,
// synced, and renamed.
type Writer interface {
	// WriteFile puts content at path. Nothing is recorded where the file already
	// has that content and those attributes.
	WriteFile(path string, content io.Reader, attrs Attributes) error
	Mkdir(path string, attrs Attributes) error
	// Symlink makes path a link to target, replacing a link or file that is there by
	// rename, so that path always exists.
	Symlink(target, path string) error
	// SetAttributes sets mode and owner of path where they differ; it follows no link.
	SetAttributes(path string, attrs Attributes) error
	// SetTimes sets access and modification time.
	SetTimes(path string, access, modification time.Time) error
	Rename(from, to string) error
	// Link makes to a hard link of from.
	Link(from, to string) error
	// Remove removes path and all below it; a missing path is no change.
	Remove(path string) error
	// Append adds a line to a file and syncs it before it returns.
	Append(path string, line []byte, attrs Attributes) error
}

// TreeWriter changes whole trees as one change.
type TreeWriter interface {
	// WriteTree makes the directory dir, hands fill a way to put files below it that
	// no planted link can lead astray, and syncs the tree once. A link in dir's own place
	// is refused: who wants to follow one resolves it before. It is recorded as one
	// change, "unpack"; fill is not called in check mode.
	WriteTree(dir string, fill func(Below) error) error
}

// Below writes inside one directory. Names are slash paths relative to it; missing
// parents are made. A name that leaves it, also by way of a link that was made before,
// is an error; a link itself may point anywhere.
type Below interface {
	File(name string, mode fs.FileMode, modTime time.Time, content io.Reader) error
	Mkdir(name string, mode fs.FileMode) error
	Symlink(target, name string) error
	// Chown gives the entry to an owner, by name or number; an empty one is left.
	Chown(name, owner, group string) error
}

// Command is a program to run.
type Command struct {
	// Argv is the program and its arguments; no shell reads them.
	Argv []string
	Dir  string
	Env  []string // additions, as NAME=value
	// Stdin is given to the program; secrets belong here and never in Argv.
	Stdin []byte
	// User runs it as that user with their groups; empty is the current one.
	User string
	// Unchanged, if set, looks at the outcome of a program that decides itself
	// whether to do anything (git, apt) and reports true where it did nothing.
	Unchanged func(Output) bool
	// Watched shows the operator lines of the program's output while it runs long.
	Watched bool
	// Foresees marks a program that knows of check mode itself and changes nothing then;
	// it runs in a dry run too.
	Foresees bool
}

// Output is how a program ended.
type Output struct {
	RC             int // 128+N after signal N
	Signal         int // N after signal N, else 0
	Stdout, Stderr string
	Start, End     time.Time
}

// Commands runs programs. A program that ends with a code other than 0 is no error;
// one that cannot be started is. LC_ALL is C.UTF-8 and stdin is empty.
type Commands interface {
	// Query runs a program that changes nothing; it runs in check mode too.
	Query(ctx context.Context, c Command) (Output, error)
	// Exec runs a program that may change something, and records that. In check mode
	// it does not run: Exec returns ErrWouldRun, which ends the module as "would
	// change, further results unknown".
	Exec(ctx context.Context, c Command) (Output, error)
	// LookPath finds a program.
	LookPath(name string) (string, error)
}

// Network opens connections from the managed host.
type Network interface {
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// Content opens what lies on the controller.
type Content interface {
	// OpenBlob opens a blob; the reader fails where the bytes do not match the sha256.
	OpenBlob(ctx context.Context, b Blob) (io.ReadCloser, error)
	// OpenBlobAt opens it from an offset on, to resume a transfer.
	OpenBlobAt(ctx context.Context, b Blob, offset int64) (io.ReadCloser, error)
}

// Scratch gives temporary places, not recorded and removed at the end of the call.
type Scratch interface {
	// TempDir makes an empty directory, writable in check mode too.
	TempDir() (string, error)
	// WriteTemp puts content into a file of mode 0600 in a temporary directory.
	WriteTemp(name string, content []byte) (string, error)
}

// User is an entry of passwd.
type User struct {
	Name     string
	UID, GID int
	Gecos    string
	Home     string
	Shell    string
}

// Group is an entry of group.
type Group struct {
	Name    string
	GID     int
	Members []string
}

// Accounts looks users and groups up and tells about the machine. The errors for unknown
// names satisfy errors.Is(err, fs.ErrNotExist).
type Accounts interface {
	User(nameOrUID string) (User, error)
	Group(nameOrGID string) (Group, error)
	// Self is the user that the module runs as.
	Self() User
	// Run identifies the run and its lock for the ledger and for fencing.
	Run() Run
	Now() time.Time
	// Progress shows the operator a line while the module works.
	Progress(line string)
}

// Run is what a call carries of the run it belongs to.
type Run struct {
	// ID is the run's id, as in gdeploy history.
	ID string `json:"id"`
	// Who is the person, SUDO_USER before root, with their host: "ada@ops1".
	Who string `json:"who"`
	// Started is when the run began, by the controller's clock. Ledgers of different
	// hosts are ordered by it.
	Started time.Time `json:"started"`
	// Lock is the run lock that the run holds on its hosts: the path of its directory;
	// empty where it holds none. A host where the lock names another run refuses
	// fenced calls.
	Lock string `json:"lock,omitempty"`
	// Signal is when the call shall take effect, by the host's clock, at the same moment
	// as on other hosts; zero is at once.
	Signal time.Time `json:"signal,omitzero"`
}

// AwaitSignal waits until a call shall take effect. A moment that is further off than any
// run would set it comes of a clock that was changed, and is not waited for.
func AwaitSignal(sys System) {
	const furthest = 30 * time.Second
	if left := sys.Run().Signal.Sub(sys.Now()); left > 0 && left < furthest {
		time.Sleep(left)
	}
}

// Locks holds locks that outlive a call. They are let go by ReleaseLock and when the
// helper ends, however it ends.
type Locks interface {
	// HoldLock takes an exclusive flock on the file at path (made if missing) without
	// waiting, and writes content into it. Where somebody else holds it, held is false
	// and current is what the file says; where this helper holds it already, the
	// content is renewed.
	HoldLock(path string, content []byte) (held bool, current []byte, err error)
	// LockHeld reports whether anybody, this helper too, holds the lock on a file.
	LockHeld(path string) (bool, error)
	// ReleaseLock lets go of what HoldLock took; it is no error where nothing is held.
	ReleaseLock(path string) error
}
