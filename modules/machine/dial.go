package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// patience is how long an address of several may take before the next one is tried beside it.
const patience = 300 * time.Millisecond

// Dial connects to host:port, or to the path of a socket where the network is unix.
//
// Names are looked up as users and groups are: in /etc/hosts, then through getent, which
// asks whatever this machine is set up to ask. The resolver of package net knows less of
// that, and would make the helper larger by a twentieth.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	if strings.HasPrefix(network, "unix") {
		return orNil(d.DialUnix(ctx, network, nil, &net.UnixAddr{Name: address, Net: network}))
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %q is no number of a port", address, port)
	}
	found, err := addresses(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return first(ctx, found, func(ctx context.Context, a netip.Addr) (net.Conn, error) {
		conn, err := orNil(d.DialTCP(ctx, network, netip.AddrPort{}, netip.AddrPortFrom(a, uint16(number))))
		return conn, withoutSource(err)
	})
}

// orNil keeps a nil pointer from becoming a connection that is not nil.
func orNil[C net.Conn](conn C, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// withoutSource leaves out of an error where the connection would have come from: nobody said.
func withoutSource(err error) error {
	var failed *net.OpError
	if errors.As(err, &failed) {
		failed.Source = nil
	}
	return err
}

// first gives the connection to the first address that answers. The next one is tried when
// one fails, and beside it when it takes its time.
func first(ctx context.Context, found []netip.Addr, dial func(context.Context, netip.Addr) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type attempt struct {
		conn net.Conn
		err  error
	}
	attempts := make(chan attempt)
	failure := error(nil)
	for next, running := 0, 0; ; {
		if next < len(found) {
			go func(a netip.Addr) {
				conn, err := dial(ctx, a)
				select {
				case attempts <- attempt{conn, err}:
				case <-ctx.Done():
					if err == nil {
						conn.Close()
					}
				}
			}(found[next])
			next, running = next+1, running+1
		}
		var late <-chan time.Time
		if next < len(found) {
			late = time.After(patience)
		}
		select {
		case a := <-attempts:
			if a.err == nil {
				return a.conn, nil
			}
			running--
			if failure == nil {
				failure = a.err
			}
			if running == 0 && next == len(found) {
				return nil, failure
			}
		case <-late:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// addresses looks a name up.
func addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if host == "" {
		host = "localhost"
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	if text, err := os.ReadFile("/etc/hosts"); err == nil {
		if found := inHosts(string(text), host); len(found) > 0 {
			return found, nil
		}
	}
	if strings.HasPrefix(host, "-") {
		return nil, fmt.Errorf("there is no host %q", host)
	}
	out, err := exec.CommandContext(ctx, "getent", "ahosts", host).Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("%s does not stand in /etc/hosts, and this machine has no getent to look it up with: install it, or use an address", host)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	found := fromGetent(string(out))
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no host %q: this machine's getent ahosts finds nothing", host)
	}
	return found, nil
}

// inHosts finds the addresses of a name in the text of /etc/hosts.
func inHosts(text, host string) []netip.Addr {
	var found []netip.Addr
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 || !slices.ContainsFunc(fields[1:], func(name string) bool { return strings.EqualFold(name, host) }) {
			continue
		}
		if a, err := netip.ParseAddr(fields[0]); err == nil {
			found = append(found, a)
		}
	}
	return found
}

// fromGetent reads lines of an address, a kind of socket and perhaps a name, in the order
// in which they are to be tried.
func fromGetent(text string) []netip.Addr {
	var found []netip.Addr
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if a, err := netip.ParseAddr(fields[0]); err == nil && !slices.Contains(found, a) {
			found = append(found, a)
		}
	}
	return found
}
