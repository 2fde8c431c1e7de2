package balancer

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// NGINX drives the open source nginx: it marks the server "down" in a file with upstream
// blocks and has nginx read it again.
type NGINX struct {
	// File is the path of the file that names the servers.
	File string
	// Upstreams are the blocks that have the server; with none it is all of the file.
	Upstreams []string
	// Server and Address name the server; the file may have either.
	Server, Address string
	// Test and Reload are the shell commands that test the configuration and have nginx
	// read it.
	Test, Reload string
	// PIDFile names nginx's master process, whose workers tell when the new
	// configuration counts.
	PIDFile string
}

// Name says which server it is.
func (n NGINX) Name() string { return join(strings.Join(n.Upstreams, ","), n.name()) }

func (n NGINX) name() string {
	if n.Server != "" {
		return n.Server
	}
	return n.Address
}

// Query reads the file, and counts the connections to the server.
func (n NGINX) Query(ctx context.Context, sys modules.System) (Status, error) {
	text, err := n.read(sys)
	if err != nil {
		return Status{}, err
	}
	servers, missing, err := n.find(text)
	if err != nil {
		return Status{}, err
	}
	if len(missing) > 0 {
		return Status{Line: n.line(missing)}, nil
	}
	status := Status{Known: true, State: Ready, Up: true, Check: "not checked", Weight: servers[0].weight(), InOrOut: true}
	for _, s := range servers {
		if s.isDown() {
			status.State = Drain
		}
	}
	status.Remembered = n.unfinished(sys)
	status.Sessions, err = n.sessions(ctx, sys, servers)
	if err == nil && status.State == Ready {
		status.Up, status.Check = n.connects(ctx, sys, servers)
	}
	return status, err
}

func (n NGINX) read(sys modules.System) (string, error) {
	const enough = 16 << 20
	text, err := modules.ReadFile(sys, n.File, enough)
	if err != nil {
		return "", fmt.Errorf("read nginx's upstream file: %w", err)
	}
	return string(text), nil
}

// find gives the server's lines in each upstream, and the upstreams that have none.
func (n NGINX) find(text string) (found []upstreamServer, missing []string, err error) {
	servers, names := readUpstreams(text)
	upstreams := n.Upstreams
	if len(upstreams) == 0 {
		upstreams = []string{""}
	}
	for _, upstream := range upstreams {
		if upstream != "" && !slices.Contains(names, upstream) {
			return nil, nil, fmt.Errorf("%s has no upstream %q; it has %s", n.File, upstream, strings.Join(names, ", "))
		}
		before := len(found)
		for _, s := range servers {
			if (upstream == "" || s.upstream == upstream) && n.isIt(s.address()) {
				found = append(found, s)
			}
		}
		if len(found) == before {
			missing = append(missing, upstream)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].end < found[j].end }) // slices.SortFunc is 12 kB for each type
	return slices.CompactFunc(found, func(a, b upstreamServer) bool { return a.end == b.end }), missing, nil
}

// isIt reports whether an address of the file is this server's: its address, or its name
// with the same port.
func (n NGINX) isIt(address string) bool {
	address = withPort(address)
	if n.Address != "" && address == withPort(n.Address) {
		return true
	}
	_, port := splitPort(withPort(n.Address))
	return n.Server != "" && (address == n.Server+":"+port || address == n.Server)
}

// withPort adds the port that nginx takes where there is none.
func withPort(address string) string {
	if _, port := splitPort(address); port == "" && !strings.HasPrefix(address, "unix:") {
		return address + ":80"
	}
	return address
}

func (n NGINX) line(upstreams []string) string {
	address := n.Address
	if address == "" {
		address = n.Server + ":PORT"
	}
	line := fmt.Sprintf("server %s;", address)
	if names := strings.Join(upstreams, ", "); names != "" {
		line += fmt.Sprintf(" (upstream %s in %s)", names, n.File)
	}
	return line
}

// sessions counts the connections from this host to the server.
func (n NGINX) sessions(ctx context.Context, sys modules.System, servers []upstreamServer) (int, error) {
	targets, err := n.targets(ctx, sys, servers)
	if err != nil {
		return 0, err
	}
	open, err := connections(sys)
	count := 0
	for _, c := range open {
		if slices.Contains(targets, c.remote) {
			count++
		}
	}
	return count, err
}

func (n NGINX) targets(ctx context.Context, sys modules.System, servers []upstreamServer) ([]netip.AddrPort, error) {
	var targets []netip.AddrPort
	for _, s := range servers {
		if strings.HasPrefix(s.address(), "unix:") {
			return nil, fmt.Errorf("%s is a socket of this host, and not to be drained", s.address())
		}
		more, err := resolve(ctx, sys, withPort(s.address()))
		if err != nil {
			return nil, err
		}
		targets = append(targets, more...)
	}
	return targets, nil
}

// connects tries the server as nginx would, which checks nobody before it sends a request.
func (n NGINX) connects(ctx context.Context, sys modules.System, servers []upstreamServer) (bool, string) {
	for _, s := range servers {
		if up, says := connects(ctx, sys, withPort(s.address())); !up {
			return false, says
		}
	}
	return true, "accepts connections"
}

// Set rewrites the file, tests it and has nginx read it, one after the other: whoever
// else writes the file by gdeploy waits for it. Where nginx refuses it, the file becomes
// again what it was.
func (n NGINX) Set(ctx context.Context, sys modules.System, _ Status, state State) error {
	file, err := modules.Resolve(sys, n.File)
	if err != nil {
		return err
	}
	free, err := hold(ctx, sys, lockOf(file), n.working())
	if err != nil {
		return err
	}
	finished, err := n.change(ctx, sys, file, state != Ready)
	if err != nil {
		err = fmt.Errorf("set %s to %s: %w", n.Name(), state, err)
	}
	return errors.Join(err, free(finished))
}

// change makes one change to file and nginx. It is finished where nginx surely follows
// what the file says.
func (n NGINX) change(ctx context.Context, sys modules.System, file string, down bool) (finished bool, err error) {
	before, err := n.read(sys)
	if err != nil {
		return true, err
	}
	servers, missing, err := n.find(before)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("somebody took it out of %s meanwhile", n.File)
	}
	if err != nil {
		return true, err
	}
	if err := sys.WriteFile(file, strings.NewReader(marked(before, servers, down)), modules.Attributes{}); err != nil {
		return true, err
	}
	if _, err := modules.Exec(ctx, sys, shell(n.Test)); err != nil {
		return true, n.restore(sys, file, before, fmt.Errorf("nginx refuses its configuration: %w", err))
	}
	old := n.workers(sys)
	if _, err := modules.Exec(ctx, sys, shell(n.Reload)); err != nil {
		return false, n.restore(sys, file, before, fmt.Errorf("have nginx read its configuration: %w", err))
	}
	err = n.settle(ctx, sys, old)
	return err == nil, err
}

// restore puts the file back for the reason why.
func (n NGINX) restore(sys modules.System, file, before string, why error) error {
	if err := sys.WriteFile(file, strings.NewReader(before), modules.Attributes{}); err != nil {
		return fmt.Errorf("%w; and %s could not be restored: %w", why, n.File, err)
	}
	return fmt.Errorf("%w (%s is again what it was)", why, n.File)
}

func shell(line string) modules.Command {
	return modules.Command{Argv: []string{"/bin/sh", "-c", line}}
}

// How long nginx may take to follow its new configuration, and how long it is given where
// its workers cannot be seen.
const (
	reloadTime   = 10 * time.Second
	unseenReload = time.Second
)

// settle waits until no worker that was there before takes new connections: a reload
// comes back before it has happened.
func (n NGINX) settle(ctx context.Context, sys modules.System, old []string) error {
	if len(old) == 0 {
		return sleep(ctx, unseenReload)
	}
	for end := sys.Now().Add(reloadTime); ; {
		now := n.workers(sys)
		if len(now) > 0 && !slices.ContainsFunc(now, func(pid string) bool { return slices.Contains(old, pid) }) {
			return nil
		}
		if sys.Now().After(end) {
			return fmt.Errorf("nginx has not followed its new configuration within %s: its error log tells why", reloadTime)
		}
		if err := sleep(ctx, firstPause); err != nil {
			return err
		}
	}
}

// workers are the process ids of nginx's workers that take connections; none where they
// cannot be seen.
func (n NGINX) workers(sys modules.System) []string {
	const enough = 4096
	master, err := modules.ReadFile(sys, n.PIDFile, enough)
	if err != nil {
		return nil
	}
	list, _ := sys.ReadDir("/proc")
	var workers []string
	for _, entry := range list {
		pid := path.Base(entry.Path)
		if _, err := strconv.Atoi(pid); err != nil {
			continue
		}
		stat, _ := modules.ReadFile(sys, path.Join("/proc", pid, "stat"), enough)
		_, rest, _ := strings.Cut(string(stat), ") ")
		if words := strings.Fields(rest); len(words) < 2 || words[1] != strings.TrimSpace(string(master)) {
			continue
		}
		title, _ := modules.ReadFile(sys, path.Join("/proc", pid, "cmdline"), enough)
		if takesConnections(string(title)) {
			workers = append(workers, pid)
		}
	}
	return workers
}

// takesConnections tells by the title of a child of nginx's master. One that was just
// forked still has its master's; one that has ended has none.
func takesConnections(title string) bool {
	return strings.Trim(title, "\x00") != "" && !strings.Contains(title, "shutting down") && !strings.Contains(title, "nginx: cache ")
}

func (n NGINX) working() string { return "changing " + n.Name() + "\n" }

// unfinished reports whether somebody wrote the file for this server, and nginx may not
// have read it: that is going on just now, or was killed.
func (n NGINX) unfinished(sys modules.System) bool {
	const enough = 4096
	file, err := modules.Resolve(sys, n.File)
	if err != nil {
		return false
	}
	says, err := modules.ReadFile(sys, lockOf(file), enough)
	return err == nil && string(says) == n.working()
}
