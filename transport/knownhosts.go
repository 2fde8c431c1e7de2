package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	cryptohosts "golang.org/x/crypto/ssh/knownhosts"
)

// hostKeys knows the keys of hosts, from files that are read once for the run.
type hostKeys struct {
	told func(NewHostKey)
	read flights[*knownhosts.HostKeyDB]
	// adding keeps writers of this process apart; flock keeps the others.
	adding sync.Mutex
	added  sync.Map // files and address -> ssh.PublicKey
}

// check gives what a handshake with e needs: the callback for the host's key and the
// algorithms of the keys that are known, nil for any.
func (h *hostKeys) check(ctx context.Context, e *endpoint) (ssh.HostKeyCallback, []string, error) {
	files := existing(e.knownHosts)
	db, err := h.read.get(ctx, strings.Join(files, "\x00"), func() (*knownhosts.HostKeyDB, error) {
		return knownhosts.NewDB(files...)
	})
	if err != nil {
		return nil, nil, &Unreachable{Kind: KindConfig, Op: "read known hosts", Cause: err, Next: "correct the line"}
	}
	hostPort := net.JoinHostPort(e.alias, fmt.Sprint(e.port))
	callback := db.HostKeyCallback()
	verify := func(_ string, remote net.Addr, key ssh.PublicKey) error {
		err := callback(hostPort, remote, key)
		if err == nil {
			return nil
		}
		if !knownhosts.IsHostUnknown(err) {
			return changed(e, key, err)
		}
		if !e.acceptNew {
			return unknown(e, key)
		}
		return h.add(e, hostPort, key)
	}
	return verify, db.HostKeyAlgorithms(hostPort), nil
}

func existing(files []string) []string {
	var found []string
	for _, file := range files {
		if _, err := os.Stat(file); err == nil {
			found = append(found, file)
		}
	}
	return found
}

// unknown refuses a host that nobody vouched for.
func unknown(e *endpoint, key ssh.PublicKey) error {
	return &Unreachable{
		Kind:  KindHostKeyUnknown,
		Op:    "verify " + e.name(),
		Cause: fmt.Errorf("its %s key %s is in none of %s", key.Type(), ssh.FingerprintSHA256(key), strings.Join(e.knownHosts, ", ")),
		Next:  fmt.Sprintf("compare the fingerprint, then `ssh-keyscan -p %d %s >> %s`, or set host_key_checking to accept-new", e.port, e.address, e.knownHosts[0]),
	}
}

// changed refuses a host that shows another key than the known one, or a revoked one.
func changed(e *endpoint, key ssh.PublicKey, err error) error {
	u := &Unreachable{
		Kind: KindHostKeyChanged, Op: "verify " + e.name(), Cause: err,
		Next: "find out why before anything else; somebody may be in between. If the host was set up anew, remove the old line",
	}
	var mismatch *cryptohosts.KeyError
	var revoked *cryptohosts.RevokedError
	switch {
	case errors.As(err, &mismatch) && len(mismatch.Want) > 0:
		want := mismatch.Want[0]
		u.Cause = fmt.Errorf("its %s key %s is not the one in %s:%d", key.Type(), ssh.FingerprintSHA256(key), want.Filename, want.Line)
	case errors.As(err, &revoked):
		u.Cause = fmt.Errorf("its key is revoked in %s:%d", revoked.Revoked.Filename, revoked.Revoked.Line)
	}
	return u
}

// add writes a new host's key into the first known_hosts file. What this run added is
// held against what comes later too.
func (h *hostKeys) add(e *endpoint, hostPort string, key ssh.PublicKey) error {
	h.adding.Lock()
	defer h.adding.Unlock()
	file := e.knownHosts[0]
	if before, known := h.added.LoadOrStore(file+"\x00"+hostPort, key); known {
		if bytes.Equal(before.(ssh.PublicKey).Marshal(), key.Marshal()) {
			return nil
		}
		return changed(e, key, fmt.Errorf("it showed another key a moment ago"))
	}
	line := knownhosts.Line([]string{knownhosts.Normalize(hostPort)}, key)
	if err := appendLine(file, line); err != nil {
		h.added.Delete(file + "\x00" + hostPort)
		return &Unreachable{Kind: KindHostKeyUnknown, Op: "add the key of " + e.name(), Cause: err}
	}
	if h.told != nil {
		h.told(NewHostKey{Host: e.target.Host, Address: e.hostPort(), Type: key.Type(), Fingerprint: ssh.FingerprintSHA256(key), File: file})
	}
	return nil
}

// appendLine adds a line to a file that others may add to at the same time.
func appendLine(path, line string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	last := []byte{'\n'}
	if info.Size() > 0 {
		if _, err := file.ReadAt(last, info.Size()-1); err != nil {
			return err
		}
	}
	if last[0] != '\n' {
		line = "\n" + line
	}
	if _, err := file.WriteString(line + "\n"); err != nil {
		return err
	}
	return file.Sync()
}
