package vault

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// Editor is a command line with words between blanks, to which the name of a file is added.
type Editor string

// ErrStopped means that a signal ended an edit; nothing was written.
var ErrStopped = errors.New("the edit was stopped; nothing was written")

// stopsEdit are the signals that end an edit. Ctrl-C is the editor's own business.
var stopsEdit = []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// patience is how long an editor may take to end when it is told to.
const patience = 2 * time.Second

// Edit lets the editor change a text and gives what became of it. The text lies in a
// directory that only its owner can enter, in memory where the system has such a place
// ($XDG_RUNTIME_DIR), and is overwritten and removed in any case. The file there has the
// ending of name, by which editors choose colours.
func (e Editor) Edit(plain []byte, name string) ([]byte, error) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, append(stopsEdit, os.Interrupt)...) // before there is anything to clean up
	defer signal.Stop(signals)
	dir, err := os.MkdirTemp(privatePlace(), "gdeploy-vault-")
	if err != nil {
		return nil, fmt.Errorf("edit %s: %w", name, err)
	}
	file := filepath.Join(dir, "text"+filepath.Ext(name))
	edited, err := e.editIn(file, plain, signals)
	return edited, errors.Join(err, shred(dir))
}

func (e Editor) editIn(file string, plain []byte, signals <-chan os.Signal) ([]byte, error) {
	if err := os.WriteFile(file, plain, ownerOnly); err != nil {
		return nil, err
	}
	if err := e.run(file, signals); err != nil {
		return nil, err
	}
	edited, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the editor removed the file: %w", err)
	}
	return edited, nil
}

// run waits for the editor. As in Ansible its exit code says nothing.
func (e Editor) run(file string, signals <-chan os.Signal) error {
	cmd := exec.Command("/bin/sh", "-c", "exec "+string(e)+` "$@"`, "sh", file)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run the editor %q: %w", string(e), err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			return e.outcome(err)
		case s := <-signals:
			if s != os.Interrupt {
				stopEditor(cmd.Process, ended)
				return ErrStopped
			}
		}
	}
}

// outcome tells an editor that could not be started, or was killed, from one that ended.
func (e Editor) outcome(err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return fmt.Errorf("run the editor %q: %w", string(e), err)
	case exit.ExitCode() == 126 || exit.ExitCode() == 127:
		//lint:ignore ST1005 scripts look for this sentence
		return fmt.Errorf("Unable to execute the command %q: name an editor in the variable EDITOR", string(e))
	case !exit.Exited():
		return fmt.Errorf("the editor %q was killed (%s); nothing was written", string(e), exit)
	}
	return nil
}

func stopEditor(editor *os.Process, ended <-chan error) {
	_ = editor.Signal(syscall.SIGTERM) // it may be gone already
	select {
	case <-ended:
	case <-time.After(patience):
		_ = editor.Kill()
		<-ended
	}
}

// privatePlace is a directory in memory that only this user can enter, or else the one of
// temporary files.
func privatePlace() string {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
		return os.TempDir()
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Getuid() {
		return os.TempDir()
	}
	return dir
}

// shred overwrites every file in a directory, the backups of editors too, and removes it.
func shred(dir string) error {
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		return overwrite(path)
	})
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		return fmt.Errorf("remove the plain text in %s: %w; remove it by hand", dir, err)
	}
	return nil
}

func overwrite(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil {
		_, err = file.Write(bytes.Repeat([]byte{0}, int(info.Size())))
	}
	return errors.Join(err, file.Sync(), file.Close())
}
