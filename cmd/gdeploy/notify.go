package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/notify"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// The variables that say who is told of a run, and of runs of which playbooks. They are those
// of the first host that a play is for.
const (
	notifyVariable    = "notify_to"
	notifiedPlaybooks = "notify_playbooks"
)

// notifyTime is how long a target may take, and how long the end of a run waits for all that is
// still to be told. Tests are less patient.
var notifyTime = 10 * time.Second

// notifier follows a run and tells those whom the inventory names. What cannot be told is a
// warning, and never more.
type notifier struct {
	session *session
	began   executor.RunStarted
	targets []notify.Target
	ready   bool // the targets are known
	held    bool // the run ended because nobody was there to say yes
	message notify.Message
	at      time.Time
	queue   chan notify.Message
	done    sync.WaitGroup
	// ctx ends where nothing more is waited for.
	ctx    context.Context
	giveUp context.CancelFunc
}

// notifier makes a follower of a run; its end must be waited for.
func (s *session) notifier() *notifier {
	n := &notifier{session: s, queue: make(chan notify.Message, 16)}
	n.ctx, n.giveUp = context.WithCancel(context.Background())
	n.done.Go(func() {
		for m := range n.queue {
			n.tell(m)
		}
	})
	return n
}

// Close waits until all is told, or those who listen have taken too long.
func (n *notifier) Close() {
	close(n.queue)
	defer time.AfterFunc(notifyTime, n.giveUp).Stop()
	n.done.Wait()
	n.giveUp()
}

// tell sends a message to all who want it, at once.
func (n *notifier) tell(m notify.Message) {
	ctx, cancel := context.WithTimeout(n.ctx, notifyTime)
	defer cancel()
	var all sync.WaitGroup
	for _, target := range n.targets {
		if !target.Wants(m.Event) {
			continue
		}
		all.Go(func() {
			if err := target.Send(ctx, m); err != nil {
				n.warn(fmt.Sprintf("%s could not be told of the %s: %v", target.Name(), m.Event, err))
			}
		})
	}
	all.Wait()
}

func (n *notifier) warn(text string) { n.session.warn(values.Position{}, n.session.secrets.Text(text)) }

// Record follows the run.
func (n *notifier) Record(r executor.Record) {
	n.at = r.Time
	switch e := r.Event.(type) {
	case executor.RunStarted:
		n.began = e
		n.message = notify.Message{Run: e.ID, Who: e.Who, Playbook: playbookNames(e.Files), Hosts: map[string]string{}, Limit: n.session.options.limit}
	case executor.PlayStarted:
		n.find(e.Hosts)
	case executor.TaskStarted:
		if e.Task.Name == "stock : Ask whether to go on" && !e.Replayed {
			n.send(notify.Hold, "holds: "+strings.Join(e.Hosts, ", ")+" has the new release, is out of the balancer, and waits for somebody to look at it", "")
		}
	case executor.HostResult:
		n.note(e)
	case executor.ApprovalAsked:
		n.send(notify.Hold, fmt.Sprintf("waits for somebody to say whether to go on with %s: gdeploy approve %s", e.Next, n.began.ID), "")
	case executor.RunEnded:
		n.end(e)
	}
}

// find reads whom to tell, once there is a host.
func (n *notifier) find(hosts []string) {
	if n.ready || len(hosts) == 0 || n.began.Check {
		return
	}
	n.ready = true
	scope := n.session.store.Scope(variables.Context{Host: hosts[0]})
	if !slices.ContainsFunc(n.began.Files, func(f string) bool { return slices.Contains(n.playbooks(scope), filepath.Base(f)) }) {
		return
	}
	n.message.App, n.message.Environment = n.text(scope, "app"), n.text(scope, "deploy_environment")
	targets, err := readTargets(scope)
	if err != nil {
		n.warn(fmt.Sprintf("nobody is told of this run: %s: %v", notifyVariable, err))
		return
	}
	n.targets = targets
	n.send(notify.Start, "begins", "")
}

func (n *notifier) playbooks(scope *variables.Scope) []string {
	v, err := scope.Render(values.String("{{ " + notifiedPlaybooks + " | default(['deploy.yml', 'rollback.yml']) }}"))
	if err != nil {
		n.warn(fmt.Sprintf("%s: %v", notifiedPlaybooks, err))
	}
	var names []string
	for _, item := range v.Items() {
		names = append(names, values.Text(item))
	}
	return names
}

func (n *notifier) text(scope *variables.Scope, name string) string {
	v, err := scope.Render(values.String("{{ " + name + " | default('') }}"))
	if err != nil {
		return ""
	}
	return values.Text(v)
}

// readTargets reads the variable; it is a list, or one target.
func readTargets(scope *variables.Scope) ([]notify.Target, error) {
	v, err := scope.Render(values.String("{{ " + notifyVariable + " | default([]) }}"))
	if err != nil {
		return nil, err
	}
	if v.Kind() == values.KindMap {
		v = values.ListOf(v)
	}
	var targets []notify.Target
	decoder := json.NewDecoder(strings.NewReader(string(values.JSON(v))))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&targets); err != nil {
		return nil, err
	}
	for i, t := range targets {
		if err := t.Check(); err != nil {
			return nil, fmt.Errorf("item %d: %w", i+1, err)
		}
	}
	return targets, nil
}

// note remembers which release a host has, and that the run ended waiting.
func (n *notifier) note(e executor.HostResult) {
	if e.Task.Action == "release_switch" && e.Status == executor.Changed {
		to, _ := e.Result.Get("to")
		n.message.Hosts[e.Host] = values.Text(to)
	}
	n.held = n.held || e.Task.Name == "stock : Stop here" && e.Status == executor.OK
}

func (n *notifier) end(e executor.RunEnded) {
	n.message.Seconds = e.Seconds
	reason := n.session.secrets.Text(e.Outcome.Reason)
	failed := reason != "" || e.Outcome.Failed > 0 || e.Outcome.Unreachable > 0 || e.Outcome.Interrupted
	back := strings.HasPrefix(n.message.Playbook, "rollback")
	switch {
	case n.held && !failed: // it was told that somebody is waited for
	case e.Outcome.Undone && !e.Outcome.UndoFailed && !e.Outcome.Open:
		n.send(notify.Failure, "failed, and what it did was taken back"+colon(reason), reason)
		n.send(notify.Rollback, "took its hosts back: "+n.releases(), reason)
	case e.Outcome.Undone:
		n.send(notify.Failure, "failed, and not all of it could be taken back: look at gdeploy status"+colon(reason), reason)
	case failed:
		n.send(notify.Failure, "failed"+colon(reason), reason)
	case len(n.message.Hosts) == 0:
		n.send(notify.Success, "ended, and there was nothing to switch", "")
	case back:
		n.send(notify.Rollback, "rolled back: "+n.releases(), "")
	default:
		n.send(notify.Success, "ended well: "+n.releases(), "")
	}
}

func colon(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// releases says how many hosts have which release: "v2 is live on 10 hosts".
func (n *notifier) releases() string {
	counts := map[string]int{}
	var order []string
	for _, v := range n.message.Hosts {
		if counts[v]++; counts[v] == 1 {
			order = append(order, v)
		}
	}
	slices.Sort(order)
	var parts []string
	for _, v := range order {
		parts = append(parts, fmt.Sprintf("%s is live on %s", cmp.Or(v, "nothing"), hosts(counts[v])))
	}
	return strings.Join(parts, ", ")
}

// send puts a message into the queue: "shop in prod: deploy.yml by ada@ops1 begins".
func (n *notifier) send(e notify.Event, what, reason string) {
	if len(n.targets) == 0 {
		return
	}
	m := n.message
	m.Event, m.Reason, m.Time = e, reason, n.at
	m.Text = fmt.Sprintf("%s by %s %s (run %s)", m.Playbook, m.Who, what, m.Run)
	if place := strings.TrimSuffix(m.App+" in "+m.Environment, " in "); place != "" {
		m.Text = place + ": " + m.Text
	}
	m.Hosts = map[string]string{}
	for host, version := range n.message.Hosts {
		m.Hosts[host] = version
	}
	select {
	case n.queue <- m:
	default: // those who are told take too long; the run does not wait
		n.warn(fmt.Sprintf("nobody could be told of the %s: earlier messages are still on their way", e))
	}
}

func hosts(count int) string {
	if count == 1 {
		return "1 host"
	}
	return fmt.Sprintf("%d hosts", count)
}

func playbookNames(files []string) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = filepath.Base(f)
	}
	return strings.Join(names, ", ")
}
