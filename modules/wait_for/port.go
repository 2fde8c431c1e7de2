package wait_for

import (
	"context"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// open reports whether the port takes a connection.
func (m *Module) open(ctx context.Context, sys modules.System) bool {
	limited, cancel := context.WithTimeout(ctx, m.ConnectTimeout)
	defer cancel()
	conn, err := sys.Dial(limited, "tcp", m.address())
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// answer connects, and reads until the search_regex matches where there is one.
func (m *Module) answer(ctx context.Context, sys modules.System) (match []string, done bool, err error) {
	if m.SearchRegex == "" {
		return nil, m.open(ctx, sys), nil
	}
	limited, cancel := context.WithTimeout(ctx, m.ConnectTimeout)
	defer cancel()
	conn, err := sys.Dial(limited, "tcp", m.address())
	if err != nil {
		return nil, false, nil
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	var data []byte
	chunk := make([]byte, 4096)
	for {
		n, err := conn.Read(chunk)
		data = append(data, chunk[:n]...)
		if match := m.regex.FindStringSubmatch(string(data)); match != nil {
			return match, true, nil
		}
		if err != nil || len(data) > 16<<20 {
			return nil, false, nil
		}
	}
}

// tcpStates are the numbers that /proc/net/tcp has for the states of connections.
var tcpStates = map[string]string{
	"ESTABLISHED": "01", "SYN_SENT": "02", "SYN_RECV": "03", "FIN_WAIT1": "04", "FIN_WAIT2": "05", "TIME_WAIT": "06",
}

// connections counts the connections to the port that are still active.
func (m *Module) connections(sys modules.System) (int, error) {
	if m.Port == nil {
		return 0, errors.New("state=drained needs a port")
	}
	count := 0
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		content, err := modules.ReadFile(sys, table, 64<<20)
		if err != nil {
			continue // without IPv6 there is no second table
		}
		for line := range strings.Lines(string(content)) {
			if fields := strings.Fields(line); len(fields) > 3 && m.counts(fields[1], fields[2], fields[3]) {
				count++
			}
		}
	}
	return count, nil
}

// counts reports whether a connection is one of those to wait for.
func (m *Module) counts(local, remote, state string) bool {
	here, ok := parseAddress(local)
	if !ok || int(here.Port()) != *m.Port {
		return false
	}
	peer, _ := parseAddress(remote)
	if slices.Contains(m.ExcludeHosts, peer.Addr().String()) {
		return false
	}
	if want, err := netip.ParseAddr(m.Host); err == nil && !want.IsUnspecified() && here.Addr() != want {
		return false
	}
	for _, name := range m.ConnectionStates {
		if tcpStates[name] == state {
			return true
		}
	}
	return false
}

// parseAddress reads 0100007F:1F90: words in the machine's (little-endian) order.
func parseAddress(text string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	number, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		slices.Reverse(raw[i : i+4])
	}
	addr, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr.Unmap(), uint16(number)), ok
}
