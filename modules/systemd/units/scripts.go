package units

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

func sorted(u unit) []string { return slices.Sorted(maps.Keys(u)) }

// addWanted tells register what the service is now.
func addWanted(data *values.Map, w Wanted) {
	if w.Enabled != nil {
		data.Set("enabled", values.Bool(*w.Enabled))
	}
	switch w.State {
	case "":
	case "stopped":
		data.Set("state", values.String("stopped"))
	default:
		data.Set("state", values.String("started"))
	}
}

// Scripts are the init scripts of a host without systemd.
type Scripts struct {
	// Arguments go to the script after the order.
	Arguments []string
	// Pattern is text to look for among the running programs, where a script has no
	// order status.
	Pattern string
	// Runlevel is where it is enabled; "default" is the host's choice.
	Runlevel string
}

// Bring brings the service to the wanted state and gives what register sees.
func (s Scripts) Bring(ctx context.Context, sys modules.System, w Wanted) (*values.Map, error) {
	data := modules.Data("name", values.String(w.Name))
	addWanted(data, w)
	if _, err := sys.Stat("/etc/init.d/" + w.Name); err != nil {
		//lint:ignore ST1005 Ansible's words
		return data, fmt.Errorf("Could not find the requested service %s: host (there is no /etc/init.d/%s)", w.Name, w.Name)
	}
	if w.Enabled != nil {
		if err := s.enable(ctx, sys, w.Name, *w.Enabled); err != nil {
			return data, err
		}
	}
	if w.State == "" {
		return data, nil
	}
	return data, s.move(ctx, sys, w)
}

func (s Scripts) move(ctx context.Context, sys modules.System, w Wanted) error {
	running, err := s.running(ctx, sys, w.Name)
	if err != nil {
		return err
	}
	order := map[string]string{"started": "start", "stopped": "stop", "restarted": "restart", "reloaded": "reload"}[w.State]
	switch {
	case w.State == "stopped" && !running, w.State == "started" && running:
		return nil
	case w.State != "stopped" && !running:
		order = "start"
	}
	_, err = modules.Exec(ctx, sys, s.script(sys, w.Name, order))
	if program, ok := errors.AsType[*modules.ProgramError](err); ok {
		return &failure{program, fmt.Sprintf("Unable to %s service %s: %s", order, w.Name, program.Said())}
	}
	return err
}

// running asks the script, or looks among the programs for the pattern.
func (s Scripts) running(ctx context.Context, sys modules.System, name string) (bool, error) {
	if s.Pattern != "" {
		out, err := modules.Query(ctx, sys, modules.Command{Argv: []string{"ps", "-ef"}})
		return strings.Contains(out.Stdout, s.Pattern), err
	}
	out, err := sys.Query(ctx, s.script(sys, name, "status"))
	return out.RC == 0, err
}

func (s Scripts) script(sys modules.System, name, order string) modules.Command {
	argv := []string{"/etc/init.d/" + name, order}
	if _, err := sys.LookPath("service"); err == nil {
		argv = []string{"service", name, order}
	}
	if order != "status" {
		argv = append(argv, s.Arguments...)
	}
	return modules.Command{Argv: argv}
}

// enable uses the tool that the host has for it.
func (s Scripts) enable(ctx context.Context, sys modules.System, name string, on bool) error {
	linked := len(modules.Glob(sys, "/etc/rc[2-5].d/S[0-9][0-9]"+name)) > 0 ||
		len(modules.Glob(sys, "/etc/runlevels/"+s.runlevel()+"/"+name)) > 0
	if linked == on {
		return nil
	}
	for _, tool := range []struct{ name, on, off string }{
		{"update-rc.d", name + " defaults", name + " disable"},
		{"chkconfig", name + " on", name + " off"},
		{"rc-update", "add " + name + " " + s.runlevel(), "del " + name + " " + s.runlevel()},
	} {
		if _, err := sys.LookPath(tool.name); err != nil {
			continue
		}
		words := tool.off
		if on {
			words = tool.on
		}
		_, err := modules.Exec(ctx, sys, modules.Command{Argv: append([]string{tool.name}, strings.Fields(words)...)})
		return err
	}
	return fmt.Errorf("this host has none of update-rc.d, chkconfig and rc-update, so %s cannot be enabled or disabled", name)
}

func (s Scripts) runlevel() string {
	if s.Runlevel == "" {
		return "default"
	}
	return s.Runlevel
}
