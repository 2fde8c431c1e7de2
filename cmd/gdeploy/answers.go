package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

// answers prints what each host answers to gdeploy run, in the shape of Ansible's ad-hoc
// command.
type answers struct{ out io.Writer }

func (s *session) answers(cmd *cobra.Command) executor.Sink { return answers{cmd.OutOrStdout()} }

// Record prints a host's answer.
func (a answers) Record(r executor.Record) {
	e, ok := r.Event.(executor.HostResult)
	if !ok {
		return
	}
	state := map[executor.Status]string{
		executor.OK: "SUCCESS", executor.Changed: "CHANGED", executor.Skipped: "SKIPPED",
		executor.Failed: "FAILED", executor.Unreachable: "UNREACHABLE",
	}[e.Status]
	if e.Status != executor.Unreachable && slices.Contains([]string{"command", "shell", "raw", "script"}, e.Task.Action) && e.Result.Kind() == values.KindMap {
		if rc, ok := e.Result.Get("rc"); ok {
			fmt.Fprintf(a.out, "%s | %s | rc=%s >>\n%s%s\n", e.Host, state, values.Text(rc), text(e, "stdout"), problem(e))
			return
		}
	}
	if e.Status == executor.Failed || e.Status == executor.Unreachable {
		state += "!"
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, values.JSON(e.Result), "", "    ") != nil {
		pretty.Write(values.JSON(e.Result))
	}
	fmt.Fprintf(a.out, "%s | %s => %s\n", e.Host, state, pretty.String())
}

func text(e executor.HostResult, name string) string {
	v, _ := e.Result.Get(name)
	s, _ := v.AsString()
	return s
}

// problem is what a failed command said.
func problem(e executor.HostResult) string {
	if e.Status != executor.Failed {
		return ""
	}
	return text(e, "stderr") + text(e, "msg")
}
