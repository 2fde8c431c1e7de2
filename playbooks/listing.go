package playbooks

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Listing prints what a playbook would do, as --list-hosts, --list-tasks, --list-tags
// and --syntax-check do.
type Listing struct {
	// Hosts gives the hosts of a play; nil leaves them out.
	Hosts func(play *Play) []string
	Tasks bool
	Tags  bool
	// Select chooses among the tasks.
	Select Select
	// Evaluate gives the value of a template in the name, hosts or tags of a play; nil
	// shows them as they are written.
	Evaluate func(play *Play, v values.Value) values.Value
}

// Write prints the listing of a playbook in Ansible's shape.
func (l Listing) Write(w io.Writer, playbook *Playbook) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "\nplaybook: %s\n", playbook.File)
	if l.Hosts != nil || l.Tasks || l.Tags {
		for i, play := range playbook.Plays {
			l.play(&out, i+1, play)
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}

func (l Listing) play(out *bytes.Buffer, number int, play *Play) {
	patterns := l.patterns(play)
	name := strings.Join(patterns, ",")
	shown := name
	if !play.Name.IsNull() {
		shown = values.Text(l.evaluate(play, play.Name))
	}
	fmt.Fprintf(out, "\n  play #%d (%s): %s\tTAGS: [%s]\n", number, name, shown, strings.Join(play.Tags, ","))
	if l.Hosts != nil {
		hosts := l.Hosts(play)
		fmt.Fprintf(out, "    pattern: %s\n    hosts (%d):\n", values.Repr(values.Strings(patterns...)), len(hosts))
		for _, host := range hosts {
			fmt.Fprintf(out, "      %s\n", host)
		}
	}
	l.tasks(out, play)
}

func (l Listing) tasks(out *bytes.Buffer, play *Play) {
	var all []string
	if l.Tasks {
		out.WriteString("    tasks:\n")
	}
	for _, task := range play.listed() {
		tags := l.tags(play, TagsOf(play, task))
		if !l.Select.Takes(tags) {
			continue
		}
		slices.Sort(tags)
		all = append(all, tags...)
		if l.Tasks {
			fmt.Fprintf(out, "      %s\tTAGS: [%s]\n", task.Title(), strings.Join(tags, ", "))
		}
	}
	if l.Tags {
		slices.Sort(all)
		fmt.Fprintf(out, "      TASK TAGS: [%s]\n", strings.Join(slices.Compact(all), ", "))
	}
}

func (l Listing) patterns(play *Play) []string {
	hosts := l.evaluate(play, play.Hosts)
	if hosts.Kind() != values.KindList {
		return []string{values.Text(hosts)}
	}
	var patterns []string
	for _, item := range hosts.Items() {
		patterns = append(patterns, values.Text(l.evaluate(play, item)))
	}
	return patterns
}

func (l Listing) tags(play *Play, tags []string) []string {
	return EvaluatedTags(tags, func(v values.Value) values.Value { return l.evaluate(play, v) })
}

func (l Listing) evaluate(play *Play, v values.Value) values.Value {
	if l.Evaluate == nil || !isTemplate(v) {
		return v
	}
	return l.Evaluate(play, v)
}

// Title is what a task is called: its name, with the role before it, else its module as
// it was written. Templates in it stay as they are.
func (t *Task) Title() string {
	name, _ := t.Name.AsString()
	switch {
	case name == "":
		return t.Written
	case t.Role != nil && (t.Include == nil || t.Include.Kind != "role"):
		return t.Role.Name + " : " + name
	}
	return name
}

// listed gives the tasks that a listing shows: those of blocks, not of their rescue and
// always.
func (play *Play) listed() []*Task {
	var tasks []*Task
	var walk func(nodes []Node)
	walk = func(nodes []Node) {
		for _, n := range nodes {
			switch n := n.(type) {
			case *Block:
				walk(n.Body)
			case *Task:
				tasks = append(tasks, n)
			}
		}
	}
	walk(play.PreTasks)
	for _, use := range play.Roles {
		walk([]Node{use.Tasks})
	}
	walk(play.Tasks)
	walk(play.PostTasks)
	return tasks
}
