package machine

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// User looks a user up by name or number: in /etc/passwd, then through getent, which
// asks whatever directory service the machine uses.
func (m *Machine) User(nameOrUID string) (modules.User, error) {
	for _, u := range m.users() {
		if u.Name == nameOrUID {
			return u, nil
		}
	}
	uid, err := strconv.Atoi(nameOrUID)
	if err == nil {
		for _, u := range m.users() {
			if u.UID == uid {
				return u, nil
			}
		}
	}
	if u, ok := parseUser(m.getent("passwd", nameOrUID)); ok {
		return u, nil
	}
	return modules.User{}, fmt.Errorf("user %s: %w", nameOrUID, fs.ErrNotExist)
}

// Group looks a group up by name or number.
func (m *Machine) Group(nameOrGID string) (modules.Group, error) {
	for _, g := range m.groups() {
		if g.Name == nameOrGID {
			return g, nil
		}
	}
	gid, err := strconv.Atoi(nameOrGID)
	if err == nil {
		for _, g := range m.groups() {
			if g.GID == gid {
				return g, nil
			}
		}
	}
	if g, ok := parseGroup(m.getent("group", nameOrGID)); ok {
		return g, nil
	}
	return modules.Group{}, fmt.Errorf("group %s: %w", nameOrGID, fs.ErrNotExist)
}

// Self is the user that this process runs as.
func (m *Machine) Self() modules.User {
	uid, gid := os.Geteuid(), os.Getegid()
	u, err := m.User(strconv.Itoa(uid))
	if err != nil {
		u = modules.User{Name: strconv.Itoa(uid), UID: uid, Home: os.Getenv("HOME"), Shell: "/bin/sh"}
	}
	u.GID = gid
	return u
}

func (m *Machine) users() []modules.User {
	var list []modules.User
	for _, line := range m.databases.passwd.read(m.options.Root + "/etc/passwd") {
		if u, ok := parseUser(line); ok {
			list = append(list, u)
		}
	}
	return list
}

func (m *Machine) groups() []modules.Group {
	var list []modules.Group
	for _, line := range m.databases.group.read(m.options.Root + "/etc/group") {
		if g, ok := parseGroup(line); ok {
			list = append(list, g)
		}
	}
	return list
}

func parseUser(line string) (modules.User, bool) {
	parts := strings.Split(strings.TrimSpace(line), ":")
	if len(parts) < 7 {
		return modules.User{}, false
	}
	uid, err1 := strconv.Atoi(parts[2])
	gid, err2 := strconv.Atoi(parts[3])
	u := modules.User{Name: parts[0], UID: uid, GID: gid, Gecos: parts[4], Home: parts[5], Shell: parts[6]}
	return u, err1 == nil && err2 == nil
}

func parseGroup(line string) (modules.Group, bool) {
	parts := strings.Split(strings.TrimSpace(line), ":")
	if len(parts) < 4 {
		return modules.Group{}, false
	}
	gid, err := strconv.Atoi(parts[2])
	g := modules.Group{Name: parts[0], GID: gid}
	if parts[3] != "" {
		g.Members = strings.Split(parts[3], ",")
	}
	return g, err == nil
}

// getent asks the machine's name service; "" where it knows nothing.
func (m *Machine) getent(database, key string) string {
	if m.options.Root != "" || strings.HasPrefix(key, "-") {
		return ""
	}
	program, err := m.LookPath("getent")
	if err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, database, key).Output()
	if err != nil {
		return ""
	}
	line, _, _ := bytes.Cut(out, []byte("\n"))
	return string(line)
}

// groupsOf lists the numbers of all groups of a user, the primary one first.
func (m *Machine) groupsOf(u modules.User) []uint32 {
	ids := []uint32{uint32(u.GID)}
	for _, g := range m.groups() {
		for _, member := range g.Members {
			if member == u.Name && g.GID != u.GID {
				ids = append(ids, uint32(g.GID))
			}
		}
	}
	fields := strings.Fields(m.getent("initgroups", u.Name))
	for _, field := range fields[min(1, len(fields)):] {
		if id, err := strconv.ParseUint(field, 10, 32); err == nil && !has(ids, uint32(id)) {
			ids = append(ids, uint32(id))
		}
	}
	return ids
}

func has(ids []uint32, id uint32) bool {
	for _, known := range ids {
		if known == id {
			return true
		}
	}
	return false
}
