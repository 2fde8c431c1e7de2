package report

import (
	"fmt"
	"maps"
	"slices"

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
	traffic      string
}

// record takes note of what a result tells of its host.
func (w whereabouts) record(e executor.HostResult) {
	one := w[e.Host]
	good := e.Status == executor.OK || e.Status == executor.Changed
	switch e.Task.Action {
	case "release_switch":
		one.app = either(textOf(e.Result, "app"), one.app)
		one.unsure = !good && e.Status != executor.Skipped
		if good {
			one.release, one.seen = textOf(e.Result, "to"), true
		}
	case "release_facts":
		if current, told := e.Result.Get("current"); told && good {
			one.release, one.seen, one.unsure = values.Text(current), true, false
		}
	case "lb":
		if good {
			one.traffic = textOf(e.Result, "state")
		} else if e.Status != executor.Skipped && one.traffic != "" {
			one.traffic = "unknown"
		}
	default:
		return
	}
	w[e.Host] = one
}

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
	switch o.traffic {
	case "":
		return ""
	case "ready":
		return ", takes traffic"
	case "unknown":
		return ", and whether it takes traffic is not known"
	}
	return ", takes no traffic (" + o.traffic + ")"
}
