//go:build !linux

package machine

import (
	"errors"
	"net"

	"github.com/gdeploy/gdeploy/modules"
)

// Volume is told on Linux only: a controller of another kind has no need of it.
func (m *Machine) Volume(string) (modules.Volume, error) {
	return modules.Volume{}, errors.ErrUnsupported
}

// Addresses gives the addresses of the network interfaces, without what only Linux tells of them.
func (m *Machine) Addresses() ([]modules.Address, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var list []modules.Address
	for _, i := range interfaces {
		nets, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range nets {
			if n, ok := a.(*net.IPNet); ok {
				prefix, _ := n.Mask.Size()
				list = append(list, modules.Address{Interface: i.Name, Label: i.Name, IP: n.IP, Prefix: prefix, Scope: "global"})
			}
		}
	}
	return list, nil
}
