package balancer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// HAProxy drives HAProxy by its runtime sockets, which must be of level admin.
type HAProxy struct {
	// Sockets are the paths of the sockets, or the host:port of those on TCP: one for
	// each process. What is set is set in each.
	Sockets []string
	// Backends that have the server; what is set is set in each.
	Backends []string
	Server   string
	// Address is the server's host:port, for the line of one that is not known.
	Address string
}

// Name says which server it is.
func (h HAProxy) Name() string { return join(strings.Join(h.Backends, ","), h.Server) }

// Query asks each process about the server in each backend. The status is the worst of
// them, with all their sessions.
func (h HAProxy) Query(ctx context.Context, sys modules.System) (Status, error) {
	all := Status{Known: true, State: Ready, Up: true, Weight: -1}
	var lines []string
	for _, socket := range h.Sockets {
		states, err := h.ask(ctx, sys, socket, "show servers state")
		if err != nil {
			return Status{}, err
		}
		stats, err := h.ask(ctx, sys, socket, "show stat")
		if err != nil {
			return Status{}, err
		}
		servers, rows := readStates(states), readStats(stats)
		for _, backend := range h.Backends {
			row, ok := rows[backend+"/"+h.Server]
			if ok {
				all = worse(all, status(servers[backend+"/"+h.Server], row))
				continue
			}
			if err := backendExists(socket, backend, rows); err != nil {
				return Status{}, err
			}
			lines = append(lines, h.line(socket, backend))
		}
	}
	if len(lines) > 0 {
		return Status{Line: strings.Join(lines, "; ")}, nil
	}
	return all, nil
}

func (h HAProxy) line(socket, backend string) string {
	address := h.Address
	if address == "" {
		address = "ADDRESS:PORT"
	}
	line := fmt.Sprintf("server %s %s check", h.Server, address)
	if len(h.Backends) > 1 {
		line += " (backend " + backend + ")"
	}
	if len(h.Sockets) > 1 {
		line += " (HAProxy at " + socket + ")"
	}
	return line
}

func backendExists(socket, backend string, rows map[string]row) error {
	var names []string
	for name := range rows {
		if proxy, server, _ := strings.Cut(name, "/"); server == "BACKEND" {
			if proxy == backend {
				return nil
			}
			names = append(names, proxy)
		}
	}
	slices.Sort(names)
	return fmt.Errorf("HAProxy at %s has no backend %q; it has %s", socket, backend, strings.Join(names, ", "))
}

// status puts together what the two tables say of a server.
func status(server, stat row) Status {
	s := Status{
		Known: true, State: Ready, Check: stat["status"],
		Sessions: stat.number("scur") + stat.number("qcur"),
		Weight:   stat.number("weight"),
	}
	admin := server.number("srv_admin_state")
	switch {
	case admin&isMaint != 0 || strings.HasPrefix(s.Check, "MAINT"):
		s.State = Maint
	case admin&isDrain != 0 || server["srv_uweight"] == "0" && server["srv_iweight"] != "0":
		s.State = Drain
	}
	s.Up = strings.HasPrefix(s.Check, "UP") || s.Check == "no check" || s.Check == "DRAIN"
	if word := stat["check_status"]; word != "" && !s.Up {
		s.Check += " " + word
	}
	return s
}

// The bits of srv_admin_state: maintenance by command, inherited, by configuration or by
// a name that does not resolve; draining by command or inherited.
const (
	isMaint = 0x01 | 0x02 | 0x04 | 0x20
	isDrain = 0x08 | 0x10
)

// worse is the status of two servers together.
func worse(a, b Status) Status {
	rank := []State{Ready, Drain, Maint}
	if slices.Index(rank, b.State) > slices.Index(rank, a.State) {
		a.State = b.State
	}
	a.Sessions += b.Sessions
	a.Weight = max(a.Weight, b.Weight)
	if a.Up || !b.Up {
		a.Check = b.Check
	}
	a.Up = a.Up && b.Up
	return a
}

// Set tells each process the state for each backend. A server that was drained by its
// weight gets the weight of the configuration back when it is ready; any other weight
// stays as it is.
func (h HAProxy) Set(ctx context.Context, sys modules.System, _ Status, state State) error {
	for _, socket := range h.Sockets {
		for _, backend := range h.Backends {
			name := backend + "/" + h.Server
			if err := h.tell(ctx, sys, socket, fmt.Sprintf("set server %s state %s", name, state)); err != nil {
				return fmt.Errorf("set %s to %s: %w", name, state, err)
			}
			if state != Ready {
				continue
			}
			if err := h.restoreWeight(ctx, sys, socket, name); err != nil {
				return fmt.Errorf("give %s its weight back: %w", name, err)
			}
		}
	}
	return nil
}

func (h HAProxy) restoreWeight(ctx context.Context, sys modules.System, socket, name string) error {
	states, err := h.ask(ctx, sys, socket, "show servers state")
	if err != nil {
		return err
	}
	server := readStates(states)[name]
	if server["srv_uweight"] != "0" || server["srv_iweight"] == "0" || server["srv_iweight"] == "" {
		return nil
	}
	return h.tell(ctx, sys, socket, fmt.Sprintf("set weight %s %s", name, server["srv_iweight"]))
}

// tell gives an order, to which HAProxy says nothing when it obeys.
func (h HAProxy) tell(ctx context.Context, sys modules.System, socket, order string) error {
	answer, err := h.ask(ctx, sys, socket, order)
	if err != nil {
		return err
	}
	switch answer = strings.TrimSpace(answer); {
	case answer == "":
		return nil
	case strings.Contains(strings.ToLower(answer), "permission denied"):
		return fmt.Errorf("HAProxy refuses %q: its socket %s needs \"level admin\" in the line \"stats socket\" of haproxy.cfg", order, socket)
	}
	return fmt.Errorf("HAProxy answers %q to %q", answer, order)
}

// answerTime is how long HAProxy may take for an answer.
const answerTime = 10 * time.Second

// ask sends one line and reads the answer to its end.
func (h HAProxy) ask(ctx context.Context, sys modules.System, socket, line string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	network := "tcp"
	if strings.HasPrefix(socket, "/") {
		network = "unix"
	}
	conn, err := sys.Dial(ctx, network, socket)
	if err != nil {
		return "", unreachable(sys, socket, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if _, err := io.WriteString(conn, line+"\n"); err != nil {
		return "", fmt.Errorf("speak with HAProxy at %s: %w", socket, err)
	}
	answer, err := io.ReadAll(conn)
	if ctx.Err() != nil {
		err = fmt.Errorf("no answer to %q: %w", line, ctx.Err())
	}
	if err != nil {
		return "", fmt.Errorf("speak with HAProxy at %s: %w", socket, err)
	}
	return string(answer), nil
}

func unreachable(sys modules.System, socket string, err error) error {
	hint := "is HAProxy running, and does haproxy.cfg have the line \"stats socket " + socket + " level admin\"?"
	if errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "permission denied") {
		hint = "user " + sys.Self().Name + " may not use it; try become: true"
	}
	return fmt.Errorf("HAProxy's socket %s cannot be reached: %w: %s", socket, err, hint)
}

// row is one line of a table of HAProxy, by the names in the table's head.
type row map[string]string

// number reads a cell; one that is empty or missing is 0.
func (r row) number(name string) int {
	n, _ := strconv.Atoi(r[name])
	return n
}

// readStates reads "show servers state": a version, a head after "# ", rows with blanks.
func readStates(text string) map[string]row {
	return table(text, strings.Fields, "be_name", "srv_name")
}

// readStats reads "show stat": a head after "# ", rows with commas.
func readStats(text string) map[string]row {
	return table(text, func(line string) []string { return strings.Split(line, ",") }, "pxname", "svname")
}

func table(text string, split func(string) []string, proxy, server string) map[string]row {
	rows := map[string]row{}
	var head []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if names, ok := strings.CutPrefix(line, "#"); ok {
			head = split(strings.TrimSpace(names))
			continue
		}
		cells := split(line)
		if len(head) == 0 || len(cells) < 2 {
			continue
		}
		r := row{}
		for i, cell := range cells[:min(len(cells), len(head))] {
			r[head[i]] = cell
		}
		rows[r[proxy]+"/"+r[server]] = r
	}
	return rows
}
