// Package release_lock takes and gives back the run lock of an application on a host. The
// executor calls it for the play keyword lock.
package release_lock

import (
	"context"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_lock", New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Path     string  `json:"path" type:"path" required:"true" help:"the lock's directory"`
	State    string  `json:"state" default:"held" choices:"held,mine,free" help:"held: take the lock; mine: only see that this run has it still; free: give it back"`
	Reason   string  `json:"reason" help:"what the lock is for, shown to others who want it"`
	Wait     float64 `json:"wait" default:"0" help:"how long to wait for another run to give it back, in seconds"`
	Hold     string  `json:"hold" type:"path" help:"file of a hold, as gdeploy lock sets it: while it is there the lock is not to be had"`
	Urgent   bool    `json:"urgent" default:"no" help:"take the lock in spite of a hold, with a warning"`
	Again    bool    `json:"again" default:"no" help:"the run had it before its controller died; it is refused where another run had it since"`
	TakeOver bool    `json:"take_over" default:"no" help:"take it from the run that holds it; that run's next change to a release or balancer is refused"`
}

// Run takes the lock or gives it back.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	lock := release.Lock{Dir: m.Path}
	switch m.State {
	case "free":
		return modules.Result{}, lock.Give(sys)
	case "mine":
		return modules.Result{}, release.Fence(sys)
	}
	warnings, err := m.minding(sys, &lock)
	if err != nil {
		return modules.Result{}, err
	}
	holder, err := m.take(ctx, sys, lock, time.Duration(m.Wait*float64(time.Second)))
	if err != nil && holder.Run == "" {
		return modules.Result{}, err
	}
	// Where it was refused they are those of who has it.
	data, _ := values.MapOf("number", values.Int(holder.Number), "run", values.String(holder.Run)).AsMap()
	return modules.Result{Data: data, Warnings: warnings}, err
}

func (m *Module) take(ctx context.Context, sys modules.System, lock release.Lock, wait time.Duration) (release.Holder, error) {
	if m.Again {
		return lock.TakeAgain(ctx, sys, m.Reason, wait)
	}
	return lock.Take(ctx, sys, m.Reason, wait, m.TakeOver)
}

// minding has the lock mind the hold; where it is urgent a hold is only told.
func (m *Module) minding(sys modules.System, lock *release.Lock) (warnings []string, err error) {
	if !m.Urgent || m.Hold == "" {
		lock.Hold = m.Hold
		return nil, nil
	}
	hold, there, err := release.ReadHold(sys, m.Hold)
	if there {
		warnings = append(warnings, "deploys are on hold by "+hold.String()+"; this is urgent and goes on")
	}
	return warnings, err
}
