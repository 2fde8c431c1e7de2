// Command distance makes hosts far away: it takes TCP connections and hands them on, what is
// sent and what comes back later by half of a round trip. It needs no module of the kernel,
// and leaves out what a network does beside: no bandwidth, no loss.
//
//	distance -trip 20ms LISTEN=TARGET...
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

func main() {
	trip := flag.Duration("trip", 20*time.Millisecond, "how long a round trip takes")
	flag.Parse()
	if flag.NArg() == 0 || *trip < 0 {
		flag.Usage()
		os.Exit(5)
	}
	var roads sync.WaitGroup
	for _, arg := range flag.Args() {
		listen, target, _ := strings.Cut(arg, "=")
		at, err := net.Listen("tcp", listen)
		if err != nil {
			fmt.Fprintln(os.Stderr, "distance:", err)
			os.Exit(1)
		}
		roads.Go(func() { road(at, target, *trip/2) })
	}
	roads.Wait()
}

// road carries every connection that at takes to target.
func road(at net.Listener, target string, way time.Duration) {
	for {
		near, err := at.Accept()
		if err != nil {
			return
		}
		go func() {
			defer near.Close()
			time.Sleep(2 * way) // the greeting of TCP
			far, err := net.Dial("tcp", target)
			if err != nil {
				return
			}
			defer far.Close()
			var both sync.WaitGroup
			both.Go(func() { carry(far, near, way) })
			both.Go(func() { carry(near, far, way) })
			both.Wait()
		}()
	}
}

// parcel is what was read at once, and when it arrives.
type parcel struct {
	data []byte
	due  time.Time
}

// carry brings what it reads to the other end, each piece after the same time on the way.
func carry(to, from net.Conn, way time.Duration) {
	under := make(chan parcel, 1<<16)
	go func() {
		defer close(under)
		for {
			buffer := make([]byte, 64<<10)
			n, err := from.Read(buffer)
			if n > 0 {
				under <- parcel{buffer[:n], time.Now().Add(way)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range under {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil && !errors.Is(err, io.EOF) {
			_ = from.Close() // ends the reading, too
		}
	}
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}
