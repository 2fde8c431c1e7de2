package balancer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// connection is an established TCP connection of the host.
type connection struct{ local, remote netip.AddrPort }

// connections lists the established TCP connections of the host's network.
func connections(sys modules.System) ([]connection, error) {
	const enough = 256 << 20
	var all []connection
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := modules.ReadFile(sys, table, enough)
		if errors.Is(err, fs.ErrNotExist) && table == "/proc/net/tcp6" {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, fmt.Errorf("count the open connections: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			if c, ok := readConnection(line); ok {
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// readConnection reads a line of /proc/net/tcp; the head and other states are not ok.
func readConnection(line string) (connection, bool) {
	const established = "01"
	words := strings.Fields(line)
	if len(words) < 4 || words[3] != established {
		return connection{}, false
	}
	local, ok := readSocket(words[1])
	remote, ok2 := readSocket(words[2])
	return connection{local, remote}, ok && ok2
}

// readSocket reads "0100007F:1F90": the address in words of the machine's order, which is
// little endian on all that gdeploy runs on, and the port.
func readSocket(text string) (netip.AddrPort, bool) {
	address, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(address)
	number, err2 := strconv.ParseUint(port, 16, 16)
	if err != nil || err2 != nil {
		return netip.AddrPort{}, false
	}
	for word := range slices.Chunk(raw, 4) {
		slices.Reverse(word)
	}
	ip, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), ok
}

// resolve gives the addresses of a host:port as the host sees them.
func resolve(ctx context.Context, sys modules.System, address string) ([]netip.AddrPort, error) {
	if one, err := netip.ParseAddrPort(address); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(one.Addr().Unmap(), one.Port())}, nil
	}
	name, port := splitPort(address)
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("the address %q must be HOST:PORT", address)
	}
	out, err := modules.Query(ctx, sys, modules.Command{Argv: []string{"getent", "ahosts", name}})
	if err != nil {
		return nil, fmt.Errorf("find the address of %q: %w", name, err)
	}
	var all []netip.AddrPort
	for line := range strings.Lines(out.Stdout) {
		if words := strings.Fields(line); len(words) > 0 {
			if ip, err := netip.ParseAddr(words[0]); err == nil {
				all = append(all, netip.AddrPortFrom(ip.Unmap(), uint16(number)))
			}
		}
	}
	return all, nil
}

// splitPort cuts the port off an address; it is "" where there is none.
func splitPort(address string) (host, port string) {
	at := strings.LastIndex(address, ":")
	if at < 0 || strings.HasSuffix(address, "]") {
		return address, ""
	}
	return address[:at], address[at+1:]
}

// connectTime is how long a server may take to accept a connection.
const connectTime = time.Second

// connects reports whether the host can connect to the address, and says what came.
func connects(ctx context.Context, sys modules.System, address string) (up bool, says string) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, err := sys.Dial(ctx, "tcp", address)
	if err != nil {
		return false, err.Error()
	}
	conn.Close()
	return true, "accepts connections"
}
