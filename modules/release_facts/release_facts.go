// Package release_facts tells what releases a host has, in one round trip.
package release_facts

import (
	"cmp"
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/record"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_facts", ReadOnly: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	release.Place
	Verify  bool   `json:"verify" default:"no" help:"compare a release's files with its manifest, and list the differences as drift"`
	Version string `json:"version" help:"the release that verify compares; empty is the live one"`
	Lock    string `json:"lock" type:"path" help:"directory of the run lock, to tell who holds it"`
	Host    string `json:"host" help:"the name under which release_choose shall know this host"`
}

// Run reads the ledger and the webroot.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	l := m.Layout()
	if err := l.Check(); err != nil {
		return modules.Result{}, err
	}
	ledger, err := release.Read(sys, l)
	if err != nil {
		return modules.Result{}, err
	}
	node, err := release.Describe(sys, l, ledger)
	if err != nil {
		return modules.Result{}, err
	}
	node.Host = m.Host
	data, err := asMap(node)
	if err != nil {
		return modules.Result{}, err
	}
	return modules.Result{Data: data, Warnings: warnings(sys, l, ledger)}, m.more(sys, l, node, data)
}

func warnings(sys modules.System, l release.Layout, ledger release.Ledger) []string {
	var list []string
	if ledger.Damaged > 0 {
		list = append(list, "the ledger "+l.Ledger()+" has lines that cannot be read; they were passed over")
	}
	if name := release.Untrusted(sys, l); name != "" {
		list = append(list, name+" belongs to another user than the one who deploys, who could write in it what never happened: give it back with chown -R")
	}
	return list
}

func asMap(node release.Node) (*values.Map, error) {
	v, err := record.Value(node)
	data, _ := v.AsMap()
	return data, err
}

// more adds what was asked for: the differences from the manifest, and the lock's holder.
func (m *Module) more(sys modules.System, l release.Layout, node release.Node, data *values.Map) error {
	if version := cmp.Or(m.Version, node.Current); m.Verify && version != "" {
		drift, err := release.Verify(sys, l, version)
		if err != nil {
			return err
		}
		data.Set("drift", values.Strings(drift...))
	}
	if hold, there, err := release.ReadHold(sys, l.Hold()); err != nil {
		return err
	} else if there {
		data.Set("on_hold", values.String(hold.String()))
	}
	return m.tellLock(sys, data)
}

// tellLock tells who holds the run lock. A run that died left its name behind, and holds
// nothing.
func (m *Module) tellLock(sys modules.System, data *values.Map) error {
	if m.Lock == "" {
		return nil
	}
	lock := release.Lock{Dir: m.Lock}
	holder, err := lock.Current(sys)
	if err != nil || holder.Run == "" || holder.Free {
		return err
	}
	alive, err := lock.Alive(sys, holder)
	name := "left_by"
	if alive {
		name = "locked_by"
	}
	data.Set(name, values.String(holder.String()))
	return err
}
