package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

// whereabouts is which release each host has and whether it takes traffic, as far as the run
// saw it last.
type whereabouts map[string]whereabout

type whereabout struct {
	app, release string
	seen         bool // of release: an empty one is none
	unsure       bool // the last try to switch it failed
	switched     bool // the run switched it, or tried to
	// traffic is how each balancer has it, by the name of the balancer's host.
	traffic map[string]string
}

// record takes note of what a result tells of its host.
func (w whereabouts) record(e executor.HostResult) {
	one := w[e.Host]
	good := isGood(e.Status)
	switch e.Task.Action {
	case "release_switch":
		one.app = either(textOf(e.Result, "app"), one.app)
		one.unsure = !good && e.Status != executor.Skipped
		one.switched = one.switched || good || one.unsure
		if good {
			one.release, one.seen = textOf(e.Result, "to"), true
		}
	case "release_facts":
		if current, told := e.Result.Get("current"); told && good {
			one.release, one.seen, one.unsure = values.Text(current), true, false
		}
	case "lb":
		if !e.Looped { // else each balancer's answer was told by itself
			w.recordTraffic(e.Host, e.Delegate, e.Status, e.Result)
		}
		return
	default:
		return
	}
	w[e.Host] = one
}

// recordItem takes note of what one of several balancers says of a host.
func (w whereabouts) recordItem(e executor.ItemResult) {
	if e.Task.Action == "lb" {
		w.recordTraffic(e.Host, e.Delegate, e.Status, e.Result)
	}
}

func (w whereabouts) recordTraffic(host, balancer string, status executor.Status, said values.Value) {
	one := w[host]
	if one.traffic == nil {
		one.traffic = map[string]string{}
	}
	if isGood(status) {
		one.traffic[balancer] = textOf(said, "state")
	} else if status != executor.Skipped && one.traffic[balancer] != "" {
		one.traffic[balancer] = "unknown"
	}
	w[host] = one
}

func isGood(s executor.Status) bool { return s == executor.OK || s == executor.Changed }

func textOf(result values.Value, name string) string {
	v, ok := result.Get(name)
	if !ok {
		return ""
	}
	return values.Text(v)
}

func either(text, instead string) string {
	if text != "" {
		return text
	}
	return instead
}

// lines tell it, host by host.
func (w whereabouts) lines() (lines []string) {
	for _, host := range slices.Sorted(maps.Keys(w)) {
		if one := w[host]; one.seen || one.unsure {
			lines = append(lines, fmt.Sprintf("  %s: %s%s", host, one.has(), one.takes()))
		}
	}
	return lines
}

func (o whereabout) has() string {
	switch {
	case o.unsure:
		return fmt.Sprintf("perhaps %s: it could not be switched", either(o.release, "no release"))
	case o.release == "":
		return "no release"
	}
	return o.release
}

func (o whereabout) takes() string {
	states := map[string]bool{}
	for _, state := range o.traffic {
		states[state] = true
	}
	if len(states) < 2 {
		for state := range states {
			return takes(state)
		}
		if !o.switched {
			return ", as the run found it"
		}
		return ""
	}
	var told []string
	for _, balancer := range slices.Sorted(maps.Keys(o.traffic)) {
		told = append(told, fmt.Sprintf("%s has it %s", balancer, o.traffic[balancer]))
	}
	return "; of the balancers " + strings.Join(told, ", ")
}

// takes says what it means that a balancer has a host in a state.
func takes(state string) string {
	switch state {
	case "":
		return ""
	case "ready":
		return ", takes traffic"
	case "unknown":
		return ", and whether it takes traffic is not known"
	}
	return ", takes no traffic (" + state + ")"
}
