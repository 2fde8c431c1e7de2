// Package units brings services to a state: through systemd, or where a host has none
// through its init scripts.
package units

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Wanted is what a service shall be; empty and nil fields are left as they are.
type Wanted struct {
	Name string
	// State is started, stopped, restarted or reloaded.
	State           string
	Enabled, Masked *bool
	// Reload has systemd read its files again, Reexec starts it anew.
	Reload, Reexec bool
}

// Systemd is the systemd of the machine, of a user or of all users.
type Systemd struct {
	// Scope is system, user or global.
	Scope          string
	NoBlock, Force bool
}

// unit is what systemctl shows of a unit.
type unit map[string]string

func (u unit) found() bool  { return u["LoadState"] != "not-found" && u["LoadState"] != "" }
func (u unit) masked() bool { return u["LoadState"] == "masked" }

// enabled tells whether it starts with the machine. A static unit is started by others,
// so that nothing is left to enable.
func (u unit) enabled() bool {
	switch u["UnitFileState"] {
	case "enabled", "enabled-runtime", "alias", "static", "indirect", "generated", "transient":
		return true
	}
	return false
}

// fixed tells whether there is nothing that disable could take away.
func (u unit) fixed() bool {
	switch u["UnitFileState"] {
	case "static", "indirect", "generated", "transient", "alias":
		return true
	}
	return false
}

func (u unit) running() bool {
	state := u["ActiveState"]
	return state == "active" || state == "activating" || state == "reloading"
}

// Bring brings the unit to the wanted state and gives what register sees.
func (s Systemd) Bring(ctx context.Context, sys modules.System, w Wanted) (*values.Map, error) {
	if _, err := sys.LookPath("systemctl"); err != nil {
		return nil, errors.New("this host has no systemctl, so it does not run systemd; the module service works with init scripts too")
	}
	u, err := s.ready(ctx, sys, w)
	if err != nil || w.Name == "" {
		return modules.Data("name", values.Null, "status", values.FromMap(values.NewMap(0))), err
	}
	data := s.data(w, u)
	if err := s.mask(ctx, sys, w, u); err != nil {
		return data, err
	}
	if w.Enabled == nil && w.State == "" {
		return data, nil
	}
	if !u.found() {
		return data, s.missing(w)
	}
	if err := s.enable(ctx, sys, w, u); err != nil {
		return data, err
	}
	return data, s.move(ctx, sys, w, u)
}

func (s Systemd) missing(w Wanted) error {
	hint := "systemctl list-unit-files lists those that there are"
	if !w.Reload {
		hint += "; if its file was just written, set daemon_reload: true"
	}
	//lint:ignore ST1005 Ansible's words
	return fmt.Errorf("Could not find the requested service %s: host (%s)", w.Name, hint)
}

// ready has systemd read its files, and looks at the unit. Where the unit file is newer
// than what systemd knows, a dry run cannot tell what comes.
func (s Systemd) ready(ctx context.Context, sys modules.System, w Wanted) (unit, error) {
	var orders []modules.Command
	if w.Reload {
		orders = append(orders, s.command("daemon-reload"))
	}
	if w.Reexec {
		orders = append(orders, s.command("daemon-reexec"))
	}
	u, err := s.show(ctx, sys, w.Name)
	if err != nil || len(orders) == 0 {
		return u, err
	}
	stale := w.Name != "" && (!u.found() || u["NeedDaemonReload"] == "yes")
	if !stale {
		return u, modules.Aside(sys, func(sys modules.System) error { return each(ctx, sys, orders) })
	}
	if err := each(ctx, sys, orders); err != nil {
		return u, err
	}
	return s.show(ctx, sys, w.Name)
}

func each(ctx context.Context, sys modules.System, orders []modules.Command) error {
	for _, c := range orders {
		c.Unchanged = func(modules.Output) bool { return true }
		if _, err := modules.Exec(ctx, sys, c); err != nil {
			return err
		}
	}
	return nil
}

// show asks for all properties of a unit.
func (s Systemd) show(ctx context.Context, sys modules.System, name string) (unit, error) {
	if name == "" {
		return nil, nil
	}
	if s.Scope == "global" {
		return s.showGlobal(ctx, sys, name)
	}
	out, err := sys.Query(ctx, s.at(sys, s.command("show", "--no-pager", "--", name)))
	if err != nil {
		return nil, err
	}
	if out.RC != 0 {
		return nil, s.unreachable(sys, out)
	}
	u := unit{}
	for line := range strings.Lines(out.Stdout) {
		if key, value, ok := strings.Cut(strings.TrimRight(line, "\n"), "="); ok {
			u[key] = value
		}
	}
	return u, nil
}

// showGlobal asks for what there is of a unit of all users: how it is enabled.
func (s Systemd) showGlobal(ctx context.Context, sys modules.System, name string) (unit, error) {
	out, err := sys.Query(ctx, s.command("is-enabled", "--", name))
	state := strings.TrimSpace(out.Stdout)
	u := unit{"LoadState": "loaded", "UnitFileState": state}
	switch state {
	case "", "not-found":
		u["LoadState"] = "not-found"
	case "masked":
		u["LoadState"] = "masked"
	}
	return u, err
}

func (s Systemd) unreachable(sys modules.System, out modules.Output) error {
	said := strings.TrimSpace(out.Stderr)
	hint := ""
	switch {
	case strings.Contains(said, "not been booted with systemd"):
		hint = ": the host does not run systemd; the module service works with init scripts too"
	case s.Scope == "user":
		hint = fmt.Sprintf(": %s has no systemd of its own running; loginctl enable-linger %s starts it", sys.Self().Name, sys.Self().Name)
	}
	return fmt.Errorf("systemctl cannot reach systemd: %s%s", said, hint)
}

func (s Systemd) mask(ctx context.Context, sys modules.System, w Wanted, u unit) error {
	if w.Masked == nil || *w.Masked == u.masked() {
		return nil
	}
	order := "unmask"
	if *w.Masked {
		order = "mask"
	}
	if err := s.do(ctx, sys, w.Name, order); err != nil {
		return err
	}
	fresh, err := s.show(ctx, sys, w.Name)
	for key, value := range fresh {
		u[key] = value
	}
	return err
}

func (s Systemd) enable(ctx context.Context, sys modules.System, w Wanted, u unit) error {
	if w.Enabled == nil || *w.Enabled == u.enabled() || !*w.Enabled && u.fixed() {
		return nil
	}
	order := []string{"disable"}
	if *w.Enabled {
		order[0] = "enable"
	}
	if s.Force {
		order = append(order, "--force")
	}
	return s.do(ctx, sys, w.Name, order...)
}

// move starts, stops, restarts or reloads.
func (s Systemd) move(ctx context.Context, sys modules.System, w Wanted, u unit) error {
	order := map[string]string{"started": "start", "stopped": "stop", "restarted": "restart", "reloaded": "reload"}[w.State]
	switch {
	case w.State == "":
		return nil
	case w.State == "stopped":
		if !u.running() && u["ActiveState"] != "deactivating" {
			return nil
		}
	case w.State == "started" && u.running():
		return nil
	case !u.running():
		order = "start"
	}
	words := []string{order}
	if s.NoBlock {
		words = append(words, "--no-block")
	}
	err := s.do(ctx, sys, w.Name, words...)
	if f, ok := errors.AsType[*failure](err); ok {
		f.text += s.journal(ctx, sys, w.Name)
	}
	return err
}

// failure is an order that systemd did not carry out.
type failure struct {
	program *modules.ProgramError
	text    string
}

// Error is what the operator reads.
func (f *failure) Error() string { return f.text }

// Unwrap gives the program's end.
func (f *failure) Unwrap() error { return f.program }

// do gives an order about a unit.
func (s Systemd) do(ctx context.Context, sys modules.System, name string, order ...string) error {
	_, err := modules.Exec(ctx, sys, s.at(sys, s.command(append(order, "--", name)...)))
	program, ok := errors.AsType[*modules.ProgramError](err)
	if !ok {
		return err
	}
	return &failure{program, fmt.Sprintf("Unable to %s service %s: %s", order[0], name, program.Said())}
}

// journalLines is how much of a unit's journal an error shows.
const journalLines = "10"

func (s Systemd) journal(ctx context.Context, sys modules.System, name string) string {
	argv := []string{"journalctl", "--no-pager", "--quiet", "-n", journalLines}
	if s.Scope == "user" {
		argv = append(argv, "--user")
	}
	out, err := sys.Query(ctx, s.at(sys, modules.Command{Argv: append(argv, "-u", name)}))
	said := strings.TrimSpace(out.Stdout)
	if err != nil || out.RC != 0 || said == "" {
		return ""
	}
	return "\nThe last lines of its journal:\n" + said
}

func (s Systemd) command(words ...string) modules.Command {
	argv := []string{"systemctl"}
	if s.Scope == "user" || s.Scope == "global" {
		argv = append(argv, "--"+s.Scope)
	}
	return modules.Command{Argv: append(argv, words...)}
}

// at tells systemctl where the user's own systemd listens, which a login without a
// session does not know.
func (s Systemd) at(sys modules.System, c modules.Command) modules.Command {
	if s.Scope == "user" {
		c.Env = append(c.Env, fmt.Sprintf("XDG_RUNTIME_DIR=/run/user/%d", sys.Self().UID))
	}
	return c
}

// data is what register sees: status is the unit as it was found.
func (s Systemd) data(w Wanted, u unit) *values.Map {
	status := values.NewMap(len(u))
	for _, key := range sorted(u) {
		status.Set(key, values.String(u[key]))
	}
	data := modules.Data("name", values.String(w.Name), "status", values.FromMap(status))
	addWanted(data, w)
	return data
}
