// Command requester keeps asking a URL, as clients of a balancer do, until it is told to stop, and then prints in one line
// of JSON how many requests there were, how many failed, and which versions and nodes answered.
// The demo and the tests use it to show that a deploy is not noticed.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.url, "url", "http://192.168.56.10/", "what to ask for")
	flag.IntVar(&o.clients, "clients", 4, "how many clients ask side by side")
	flag.DurationVar(&o.pace, "pace", 10*time.Millisecond, "pause of a client between two requests")
	flag.DurationVar(&o.timeout, "timeout", 5*time.Second, "a request that takes longer has failed")
	flag.BoolVar(&o.keepAlive, "keep-alive", false, "keep connections open between requests")
	duration := flag.Duration("duration", 10*time.Minute, "stop after this long, told or not")
	stopFile := flag.String("stop-file", "", "stop when this `file` exists; SIGTERM and SIGINT stop too")
	flag.Parse()
	if o.clients < 1 || o.pace < 0 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "requester: wants at least one client, no negative pace, and no arguments")
		os.Exit(5)
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *duration)
	defer cancel()
	if *stopFile != "" {
		go cancelWhenFileExists(ctx, cancel, *stopFile)
	}
	_ = json.NewEncoder(os.Stdout).Encode(ask(ctx, o))
}

func cancelWhenFileExists(ctx context.Context, cancel func(), path string) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(path); err == nil {
			cancel()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
