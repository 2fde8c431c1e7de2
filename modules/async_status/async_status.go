// Package async_status tells how a task fares that was left to itself with async and poll: 0.
package async_status

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "async_status", Check: modules.Skip, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	JID  string `json:"jid" required:"true" help:"the ansible_job_id that the task registered"`
	Mode string `json:"mode" choices:"status,cleanup" default:"status" help:"look at the job, or forget its result"`
	Dir  string `json:"_async_dir" type:"path" default:"~/.cache/gdeploy/async" help:"where results lie; the variable ansible_async_dir sets it"`
	Key  string `json:"_async_key" secret:"true" help:"what opens a result that is sealed, since the task that it is of says no_log; gdeploy gives it by itself"`
}

// Validate wants the name of a job, not a path.
func (m *Module) Validate() error {
	if strings.Contains(m.JID, "/") {
		return modules.Invalid("jid: %q is no ansible_job_id: it has a slash", m.JID)
	}
	return nil
}

// Run looks.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	file := path.Join(m.Dir, m.JID)
	told := values.NewMap(8)
	told.Set("ansible_job_id", values.String(m.JID))
	content, err := m.read(sys, file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		told.Set("started", values.Int(1))
		told.Set("finished", values.Int(1))
		told.Set("results_file", values.String(file))
		return modules.Result{Data: whole(told)}, errors.New("could not find job")
	case err != nil:
		return modules.Result{Data: told}, err
	case m.Mode == "cleanup":
		return m.erase(ctx, sys, file, told)
	}
	return m.tell(content, file, told)
}

func (m *Module) read(sys modules.System, file string) ([]byte, error) {
	f, err := sys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// erase forgets a result. As in Ansible that is no change.
func (m *Module) erase(ctx context.Context, sys modules.System, file string, told *values.Map) (modules.Result, error) {
	told.Set("erased", values.String(file))
	told.Set("started", values.Int(0))
	told.Set("finished", values.Int(0))
	_, err := sys.Exec(ctx, modules.Command{Argv: []string{"rm", "-f", file}, Unchanged: func(modules.Output) bool { return true }})
	return modules.Result{Data: whole(told)}, err
}

// tell gives the job's result, or says that it still runs.
func (m *Module) tell(content []byte, file string, told *values.Map) (modules.Result, error) {
	told.Set("started", values.Int(1))
	told.Set("results_file", values.String(file))
	value, err := values.Decode(content)
	if err != nil { // it is being written
		told.Set("finished", values.Int(0))
		return modules.Result{Data: whole(told)}, nil
	}
	if sealed, is := value.Get("sealed"); is {
		told.Set("finished", values.Int(1))
		if value, err = m.open(sealed); err != nil {
			return modules.Result{Data: whole(told)}, err
		}
	}
	job, _ := value.AsMap()
	if job == nil {
		return modules.Result{Data: whole(told)}, errors.New("the result of the job cannot be read")
	}
	result := modules.Result{Data: told, Changed: yes(job, "changed"), Skipped: yes(job, "skipped")}
	if facts, ok := job.Get("ansible_facts"); ok {
		result.Facts, _ = facts.AsMap()
	}
	for key, value := range job.All() {
		switch values.Text(key) {
		case "changed", "failed", "skipped", "ansible_facts":
		default:
			told.SetKey(key, value)
		}
	}
	whole(told)
	if !yes(job, "failed") {
		return result, nil
	}
	msg, _ := job.Get("msg")
	return result, modules.Fail("%s", values.Text(msg))
}

// whole adds the output that every job is said to have.
func whole(told *values.Map) *values.Map {
	for _, name := range []string{"stdout", "stderr"} {
		if !told.Has(name) {
			told.Set(name, values.String(""))
		}
		if text, _ := told.Get(name); !told.Has(name + "_lines") {
			told.Set(name+"_lines", modules.Lines(values.Text(text)))
		}
	}
	return told
}

func yes(m *values.Map, name string) bool {
	v, ok := m.Get(name)
	return ok && v.Truthy()
}
