// Package cron keeps jobs, and variables for them, in the tables of cron.
package cron

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "cron", ReadOnly: true, New: func() modules.Module { return new(Module) }, Refused: map[string]string{
	"backup":       "keep the table with the module fetch or command first",
	"insertafter":  "variables stand at the beginning of the table; for another order use a file of /etc/cron.d and the module template",
	"insertbefore": "variables stand at the beginning of the table; for another order use a file of /etc/cron.d and the module template",
}}

// Module holds the parameters.
type Module struct {
	Name        string `json:"name" required:"true" help:"what the job is called in the table, or with env the variable"`
	State       string `json:"state" default:"present" choices:"absent,present" help:"whether it shall be there"`
	Job         string `json:"job" aliases:"value" help:"the command line, or with env the value"`
	User        string `json:"user" help:"whose table; with cron_file who runs the job"`
	CronFile    string `json:"cron_file" help:"a file of /etc/cron.d, or a path, instead of the user's table"`
	Minute      string `json:"minute" default:"*" help:"0-59, *, */5 and so on"`
	Hour        string `json:"hour" default:"*" help:"0-23"`
	Day         string `json:"day" aliases:"dom" default:"*" help:"1-31"`
	Month       string `json:"month" default:"*" help:"1-12"`
	Weekday     string `json:"weekday" aliases:"dow" default:"*" help:"0-6, Sunday is 0"`
	SpecialTime string `json:"special_time" choices:"annually,daily,hourly,monthly,reboot,weekly,yearly" help:"a name for the time, instead of the five fields"`
	Disabled    bool   `json:"disabled" default:"no" help:"keep the job as a comment"`
	Env         bool   `json:"env" default:"no" help:"it is a variable, not a job"`
}

// Validate keeps apart what does not go together.
func (m *Module) Validate() error {
	present := m.State == "present"
	timed := m.Minute != "*" || m.Hour != "*" || m.Day != "*" || m.Month != "*" || m.Weekday != "*"
	switch {
	case m.SpecialTime != "" && timed:
		return modules.Invalid("You must specify time and date fields or special time.")
	case m.CronFile != "" && present && m.User == "":
		return modules.Invalid("To use cron_file=... parameter you must specify user=... as well")
	case present && m.Job == "" && !m.Env:
		return modules.Invalid("You must specify 'job' to install a new cron job or variable")
	case strings.ContainsAny(m.Name+m.Job+m.Minute+m.Hour+m.Day+m.Month+m.Weekday, "\n\r"):
		return modules.Invalid("a table of cron has one line for each job: there must be no line breaks in it")
	}
	return nil
}

// Run edits the table.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	before, err := m.read(ctx, sys)
	if err != nil {
		return modules.Result{}, err
	}
	t := parse(before)
	if m.Env {
		t = t.withVariable(m.Name, m.variable())
	} else {
		t = t.withJob(m.Name, m.line())
	}
	if after := t.String(); after != before {
		err = m.write(ctx, sys, before, after)
	}
	data := modules.Data("jobs", values.Strings(t.jobs()...), "envs", values.Strings(t.variables()...))
	if m.CronFile != "" {
		data.Set("cron_file", values.String(m.CronFile))
	}
	return modules.Result{Data: data}, err
}

// line is the job as it stands in the table; empty where it shall not.
func (m *Module) line() string {
	if m.State == "absent" {
		return ""
	}
	fields := []string{m.Minute, m.Hour, m.Day, m.Month, m.Weekday}
	if m.SpecialTime != "" {
		fields = []string{"@" + m.SpecialTime}
	}
	if m.CronFile != "" {
		fields = append(fields, m.User)
	}
	line := strings.Join(append(fields, m.Job), " ")
	if m.Disabled {
		return "#" + line
	}
	return line
}

func (m *Module) variable() string {
	if m.State == "absent" {
		return ""
	}
	return m.Name + `="` + m.Job + `"`
}

func (m *Module) file() string {
	if path.IsAbs(m.CronFile) {
		return m.CronFile
	}
	return path.Join("/etc/cron.d", m.CronFile)
}

func (m *Module) crontab(argument string) []string {
	if m.User == "" {
		return []string{"crontab", argument}
	}
	return []string{"crontab", "-u", m.User, argument}
}

func (m *Module) read(ctx context.Context, sys modules.System) (string, error) {
	if m.CronFile != "" {
		text, err := modules.ReadFile(sys, m.file(), 1<<20)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return string(text), err
	}
	c := modules.Command{Argv: m.crontab("-l")}
	out, err := sys.Query(ctx, c)
	if err == nil && out.RC != 0 && !strings.Contains(out.Stderr, "no crontab for") {
		err = &modules.ProgramError{Argv: c.Argv, Output: out}
	}
	return out.Stdout, err
}

func (m *Module) write(ctx context.Context, sys modules.System, before, after string) error {
	if m.CronFile != "" && after == "" {
		return sys.Remove(m.file())
	}
	if m.CronFile != "" {
		return sys.WriteFile(m.file(), strings.NewReader(after), modules.Attributes{})
	}
	owner := m.User
	if owner == "" {
		owner = sys.Self().Name
	}
	change := modules.Change{Action: "write", Path: "the crontab of " + owner, Before: before, After: after, Text: true}
	return modules.Apply(sys, change, func(sys modules.System) error {
		_, err := modules.Exec(ctx, sys, modules.Command{Argv: m.crontab("-"), Stdin: []byte(after)})
		return err
	})
}

// table is the lines of a table of cron.
type table []string

// header stands in the line before a job; it is Ansible's, so that tables carry over.
const header = "#Ansible: "

func parse(text string) table {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// String is the table as a text.
func (t table) String() string {
	if len(t) == 0 {
		return ""
	}
	return strings.Join(t, "\n") + "\n"
}

// withJob puts a job in its place; an empty line takes it away.
func (t table) withJob(name, line string) table {
	at := slices.Index(t, header+name)
	switch {
	case at < 0 && line == "":
		return t
	case at < 0:
		return append(slices.Clone(t), header+name, line)
	case line == "":
		return slices.Delete(slices.Clone(t), at, min(at+2, len(t)))
	}
	return slices.Concat(t[:at+1], table{line}, t[min(at+2, len(t)):])
}

// withVariable puts a variable in its place, a new one at the beginning.
func (t table) withVariable(name, line string) table {
	at := slices.IndexFunc(t, func(l string) bool { return strings.HasPrefix(l, name+"=") })
	switch {
	case at < 0 && line == "":
		return t
	case at < 0:
		return append(table{line}, t...)
	case line == "":
		return slices.Delete(slices.Clone(t), at, at+1)
	}
	return slices.Concat(t[:at], table{line}, t[at+1:])
}

func (t table) jobs() []string {
	names := []string{}
	for _, line := range t {
		if name, ok := strings.CutPrefix(line, header); ok {
			names = append(names, name)
		}
	}
	return names
}

func (t table) variables() []string {
	names := []string{}
	for _, line := range t {
		name, _, ok := strings.Cut(line, "=")
		if ok && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" {
			names = append(names, name)
		}
	}
	return names
}
