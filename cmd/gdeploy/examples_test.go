package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// Each command of the pipeline's example is one that gdeploy has, with flags that it knows and
// a playbook that it ships; and each job that production wants is pressed by hand.
func TestThePipelineOfTheExamples(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	pipeline, _, err := yaml.LoadFile("../../examples/gitlab-ci/.gitlab-ci.yml")
	if err != nil {
		t.Fatal(err)
	}
	jobs, _ := pipeline.AsMap()
	commands := 0
	for name, job := range jobs.All() {
		script, _ := job.Get("script")
		for _, line := range script.Items() {
			for _, command := range gdeployCommands(values.Text(line)) {
				commands++
				if err := understood(command); err != nil {
					t.Errorf("%s: %q: %v", values.Text(name), strings.Join(command, " "), err)
				}
			}
		}
	}
	if commands < 10 {
		t.Errorf("only %d commands of gdeploy were found", commands)
	}
	for _, name := range strings.Fields("prod preprod rollback rollback-to rollback-emergency rollback-now") {
		if !byHand(jobs, name) {
			t.Errorf("%s is not started by hand", name)
		}
	}
}

// gdeployCommands gives the arguments of each call of gdeploy in a line of shell.
func gdeployCommands(line string) [][]string {
	var commands [][]string
	for part := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune(";|{}>", r) }) {
		if words := strings.Fields(strings.ReplaceAll(part, `"`, "")); len(words) > 1 && words[0] == "gdeploy" {
			commands = append(commands, words[1:])
		}
	}
	return commands
}

func understood(command []string) error {
	cmd, args, err := rootCommand().Find(command)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(args); err != nil {
		return err
	}
	if err := validArguments(cmd); err != nil {
		return err
	}
	if cmd.Name() == "play" {
		_, err = findPlaybooks(cmd.Flags().Args(), nil)
	}
	return err
}

func validArguments(cmd *cobra.Command) error {
	if cmd.Args == nil {
		return nil
	}
	return cmd.Args(cmd, cmd.Flags().Args())
}

// byHand follows "extends" to the rules of a job.
func byHand(jobs *values.Map, name string) bool {
	for name != "" {
		job, _ := jobs.Get(name)
		if rules, ok := job.Get("rules"); ok {
			return slices.ContainsFunc(rules.Items(), func(rule values.Value) bool {
				when, _ := rule.Get("when")
				return values.Text(when) == "manual"
			})
		}
		parent, ok := job.Get("extends")
		if !ok {
			return false
		}
		name = values.Text(parent)
	}
	return false
}
