package serve

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gdeploy/gdeploy/transport/wire"
	"github.com/gdeploy/gdeploy/values/record"
)

// Asked tells whether a program's arguments ask it to work as the helper.
func Asked(argv []string) bool {
	return len(argv) == 3 && [2]string(argv[1:]) == wire.Arguments || isJob(argv)
}

// Main works as the helper on stdin and stdout and gives the exit code.
func Main(r Runner) int {
	if isJob(os.Args) {
		return job(r, os.Args[3])
	}
	conn, err := takeStdio()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gdeploy helper:", err)
		return 1
	}
	prepare()
	hello := introduce()
	home := homeDir()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	tidy(hello.Program)
	err = Serve(ctx, conn, Options{Runner: r, Hello: hello, Journal: NewJournal(filepath.Join(home, ".cache/gdeploy/run"))})
	if err != nil {
		fmt.Fprintln(os.Stderr, "gdeploy helper:", err)
		return 1
	}
	return 0
}

// stdio is the channel to the controller.
type stdio struct {
	io.Reader
	io.Writer
	files [2]*os.File
}

// Close ends both directions.
func (s *stdio) Close() error {
	for _, file := range s.files {
		_ = file.Close() // the process ends
	}
	return nil
}

// takeStdio moves stdin and stdout out of the way, so that no program that a module
// starts, and no stray print, ever meets the protocol: stdin becomes /dev/null and
// stdout becomes stderr.
func takeStdio() (*stdio, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	var files [2]*os.File
	for fd, instead := range []int{int(null.Fd()), 2} {
		moved, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 10)
		if err != nil {
			return nil, fmt.Errorf("move descriptor %d: %w", fd, err)
		}
		// Non-blocking files can be closed while somebody reads them.
		if err := unix.SetNonblock(moved, true); err != nil {
			return nil, err
		}
		files[fd] = os.NewFile(uintptr(moved), []string{"stdin", "stdout"}[fd])
		if err := redirect(instead, fd); err != nil {
			return nil, err
		}
	}
	return &stdio{Reader: files[0], Writer: files[1], files: files}, nil
}

// prepare gives the process the surroundings that modules count on.
func prepare() {
	// Caught, not ignored: children would inherit that. Writing to a controller that
	// has gone is an error then, and the end of a login is not the end of a call.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGHUP)
	runtime.GOMAXPROCS(min(2, runtime.NumCPU()))
	unix.Umask(0o022)
	leaveNoCore()
	_ = os.Setenv("PATH", withSystemPaths(os.Getenv("PATH")))
	standSomewhere()
}

// standSomewhere leaves a working directory that this user may not even look at, such as
// one below the home of root who became another user: programs like git fail there
// whatever they do. The whole path counts, since that is what they look at.
func standSomewhere() {
	here, err := os.Getwd()
	if err != nil || unix.Access(here, unix.R_OK|unix.X_OK) != nil {
		_ = os.Chdir("/")
	}
}

// withSystemPaths adds the directories that a login without a terminal may lack.
func withSystemPaths(path string) string {
	dirs := filepath.SplitList(path)
	for _, dir := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if !strings.Contains(":"+path+":", ":"+dir+":") {
			dirs = append(dirs, dir)
		}
	}
	return strings.Join(dirs, ":")
}

func introduce() wire.Hello {
	program, _ := os.Executable() // without it no other user can be had, which become says
	bootID, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return wire.Hello{
		Version: wire.Version,
		Program: program,
		UID:     os.Getuid(),
		Home:    homeDir(),
		OS:      runtime.GOOS,
		Arch:    runtime.GOARCH,
		PID:     os.Getpid(),
		BootID:  strings.TrimSpace(string(bootID)),
	}
}

func homeDir() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return "/"
	}
	return home
}

// greet tells the controller that the helper is there.
func greet(w io.Writer, hello wire.Hello) error {
	line, err := record.Encode(hello)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, wire.Magic+string(line)+"\n")
	return err
}
