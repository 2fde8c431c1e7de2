//go:build lab

package endtoend

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// listenInLab listens on the controller's loopback in the lab's network.
func listenInLab(t *testing.T) net.Listener {
	t.Helper()
	type listening struct {
		net.Listener
		err error
	}
	done := make(chan listening, 1)
	go func() {
		runtime.LockOSThread() // the thread is given up with the goroutine
		space, err := os.Open("/run/netns/gdeploy-" + shared.lab.Name)
		if err == nil {
			defer space.Close()
			err = unix.Setns(int(space.Fd()), unix.CLONE_NEWNET)
		}
		if err != nil {
			done <- listening{err: err}
			return
		}
		l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		done <- listening{l, err}
	}()
	l := <-done
	if l.err != nil {
		t.Fatal(l.err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Listener
}

// gitEnvironment lets git serve repositories that belong to others.
func gitEnvironment() []string {
	return append(os.Environ(), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
}

// gitOverSSH serves the repositories in a directory of this machine to who has the key that it gives.
func gitOverSSH(t *testing.T, dir string) (address string, deployKey []byte) {
	t.Helper()
	_, hostKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	host, err := ssh.NewSignerFromKey(hostKey)
	if err != nil {
		t.Fatal(err)
	}
	_, userKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	user, err := ssh.NewSignerFromKey(userKey)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(key.Marshal(), user.PublicKey().Marshal()) {
			return nil, os.ErrPermission
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	l := listenInLab(t)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serveGit(conn, config, dir)
		}
	}()
	block, err := ssh.MarshalPrivateKey(userKey, "deploy key")
	if err != nil {
		t.Fatal(err)
	}
	return l.Addr().String(), pem.EncodeToMemory(block)
}

// serveGit answers one connection: git-upload-pack '/NAME' and nothing else.
func serveGit(conn net.Conn, config *ssh.ServerConfig, dir string) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				if r.Type != "exec" {
					_ = r.Reply(r.Type == "env", nil)
					continue
				}
				_ = r.Reply(true, nil)
				var order struct{ Line string }
				_ = ssh.Unmarshal(r.Payload, &order)
				_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uploadPack(channel, order.Line, dir)}))
				_ = channel.Close()
			}
		}()
	}
}

func uploadPack(channel ssh.Channel, line, dir string) (code uint32) {
	name, ok := strings.CutPrefix(line, "git-upload-pack '/")
	if !ok {
		return 1
	}
	cmd := exec.Command("git-upload-pack", dir+"/"+strings.TrimSuffix(name, "'"))
	cmd.Env = gitEnvironment()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = channel, channel, channel.Stderr()
	if cmd.Run() != nil {
		return 1
	}
	return 0
}

// gitOverHTTP serves the repositories in a directory to who knows the password, and gives the paths that were asked for with it.
func gitOverHTTP(t *testing.T, dir, user, password string) (address string, served func() []string) {
	t.Helper()
	var mu sync.Mutex
	var paths []string
	backend := &cgi.Handler{Path: "/usr/lib/git-core/git-http-backend", Root: "/", Env: append(gitEnvironment()[len(os.Environ()):], "GIT_PROJECT_ROOT="+dir, "GIT_HTTP_EXPORT_ALL=1")}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != user || p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		mu.Lock()
		paths = append(paths, r.URL.Path)
		mu.Unlock()
		backend.ServeHTTP(w, r)
	})}
	l := listenInLab(t)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return l.Addr().String(), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(paths)
	}
}
