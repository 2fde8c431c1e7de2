package modules

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// describe prints the attributes that a new file gets.
func (r *Recorder) describe(a Attributes) string {
	var parts []string
	if a.Mode != nil {
		parts = append(parts, ModeText(*a.Mode))
	}
	if a.Owner != "" || a.Group != "" {
		parts = append(parts, a.Owner+":"+a.Group)
	}
	return strings.Join(parts, " ")
}

// Owners looks up the numbers of an owner and a group; -1 stands for an empty one.
func Owners(sys Accounts, owner, group string) (uid, gid int, err error) {
	uid, gid = -1, -1
	if owner != "" {
		if uid, err = strconv.Atoi(owner); err != nil {
			u, err := sys.User(owner)
			if err != nil {
				return -1, -1, fmt.Errorf("chown failed: failed to look up user %s", owner)
			}
			uid = u.UID
		}
	}
	if group != "" {
		if gid, err = strconv.Atoi(group); err != nil {
			g, err := sys.Group(group)
			if err != nil {
				return -1, -1, fmt.Errorf("chgrp failed: failed to look up group %s", group)
			}
			gid = g.GID
		}
	}
	return uid, gid, nil
}

// newOwner is who a new file belongs to.
func (r *Recorder) newOwner(name string, attrs Attributes) (uid, gid int, err error) {
	attrs = r.foreseen(attrs)
	uid, gid, err = Owners(r, attrs.Owner, attrs.Group)
	if err != nil {
		return 0, 0, err
	}
	self := r.Self()
	if uid < 0 {
		uid = self.UID
	}
	if gid < 0 {
		gid = self.GID
		if dir, err := r.Stat(path.Dir(name)); err == nil && dir.Mode&fs.ModeSetgid != 0 {
			gid = dir.GID
		}
	}
	return uid, gid, nil
}

// foreseen leaves out of the attributes of what is written or made an owner and a group
// that a dry run does not know: what came before it in the play would have made them.
func (r *Recorder) foreseen(a Attributes) Attributes {
	if !r.check {
		return a
	}
	if _, _, err := Owners(r, a.Owner, ""); err != nil {
		r.warn(fmt.Sprintf("failed to look up user %s. Create user up to this point in real play", a.Owner))
		a.Owner = ""
	}
	if _, _, err := Owners(r, "", a.Group); err != nil {
		r.warn(fmt.Sprintf("failed to look up group %s. Create group up to this point in real play", a.Group))
		a.Group = ""
	}
	return a
}

// SetAttributes sets mode and owner of path where they differ.
func (r *Recorder) SetAttributes(name string, attrs Attributes) error {
	if r.isScratch(name) {
		return r.System.SetAttributes(name, attrs)
	}
	st, err := r.Lstat(name)
	if err != nil {
		return err
	}
	if r.plan.made(name) {
		attrs = r.foreseen(attrs)
	}
	changes, after, err := r.attributeChanges(st, attrs)
	if err != nil || len(changes) == 0 {
		return err
	}
	if r.check {
		err = r.plan.change(name, func(st *Stat) { st.Mode, st.UID, st.GID = after.Mode, after.UID, after.GID })
	} else {
		err = r.System.SetAttributes(name, attrs)
	}
	if err != nil {
		return err
	}
	for _, c := range changes {
		c.Path = name
		r.record(c)
	}
	return nil
}

// attributeChanges compares a file with what it shall be.
func (r *Recorder) attributeChanges(st Stat, attrs Attributes) (changes []Change, after Stat, err error) {
	after = st
	uid, gid, err := Owners(r, attrs.Owner, attrs.Group)
	if err != nil {
		return nil, st, err
	}
	if uid >= 0 && uid != st.UID || gid >= 0 && gid != st.GID {
		if uid >= 0 {
			after.UID = uid
		}
		if gid >= 0 {
			after.GID = gid
		}
		changes = append(changes, Change{Action: "chown", Before: r.ownerText(st), After: r.ownerText(after)})
	}
	isLink := st.Mode&fs.ModeSymlink != 0
	if attrs.Mode != nil && !isLink && *attrs.Mode&permissions != st.Mode&permissions {
		after.Mode = st.Mode&^permissions | *attrs.Mode&permissions
		changes = append(changes, Change{Action: "chmod", Before: ModeText(st.Mode), After: ModeText(after.Mode)})
	}
	return changes, after, nil
}

func (r *Recorder) ownerText(st Stat) string {
	owner, group := strconv.Itoa(st.UID), strconv.Itoa(st.GID)
	if u, err := r.User(owner); err == nil {
		owner = u.Name
	}
	if g, err := r.Group(group); err == nil {
		group = g.Name
	}
	return owner + ":" + group
}
