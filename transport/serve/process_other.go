//go:build unix && !linux

package serve

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// redirect makes descriptor to mean what from means.
func redirect(from, to int) error { return unix.Dup2(from, to) }

// leaveNoCore keeps secrets out of core files.
func leaveNoCore() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }

// openTerminal is for su and doas, which are used on managed hosts, and these run Linux.
func openTerminal() (ours, theirs *os.File, err error) {
	return nil, nil, errors.New("becoming another user by su or doas needs Linux; use sudo here")
}
