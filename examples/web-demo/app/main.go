// Command web-demo is the application that gdeploy's demo deploys: a small HTTP service that says which release answers,
// and on which node.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	root := flag.String("root", releaseDirectory(), "the release `directory`, with RELEASE and static/")
	config := flag.String("config", os.Getenv("WEB_DEMO_CONFIG"), "configuration `file` (default $WEB_DEMO_CONFIG, else app.conf in the release directory)")
	flag.Parse()
	if *config == "" {
		*config = filepath.Join(*root, "app.conf")
	}
	if err := run(*root, *config); err != nil {
		log.Fatal(err)
	}
}

// releaseDirectory is where the program lies, behind any symlink: an old process keeps naming its own release.
func releaseDirectory() string {
	program, err := os.Executable()
	if err != nil {
		return "."
	}
	return filepath.Dir(program)
}

func run(root, config string) error {
	settings, err := readSettings(config, filepath.Join(filepath.Dir(config), "node.conf"))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", settings.Listen)
	if err != nil {
		return err
	}
	release := readRelease(root)
	log.Printf("web-demo %s (source %s) on %s listens on %s", release, source, settings.Node, listener.Addr())
	return serveUntilTerm(listener, &http.Server{Handler: newSite(root, release, settings), ReadHeaderTimeout: 10 * time.Second})
}

// serveUntilTerm answers requests until SIGTERM or SIGINT, then finishes those under way.
func serveUntilTerm(listener net.Listener, server *http.Server) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	drained := make(chan error, 1)
	go func() {
		<-ctx.Done()
		deadline, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		drained <- server.Shutdown(deadline)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-drained
}
