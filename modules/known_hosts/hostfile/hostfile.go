// Package hostfile reads and writes known_hosts.
package hostfile

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules/authorized_key/keyfile"
)

// Line is a line of the file. One that is no key has only Text.
type Line struct {
	// Marker is @cert-authority, @revoked or empty.
	Marker string
	// Hosts are names with commas, or one hashed name.
	Hosts     string
	Type, Key string
	// Text is the line as it stands in the file.
	Text string
}

// File is known_hosts, line by line.
type File []Line

// String is the file's content.
func (f File) String() string {
	var b strings.Builder
	for _, line := range f {
		b.WriteString(line.Text + "\n")
	}
	return b.String()
}

// Parse reads a file; what is no key is kept as it is.
func Parse(text string) File {
	var f File
	for line := range strings.Lines(text) {
		f = append(f, parseLine(strings.TrimRight(line, "\r\n")))
	}
	return f
}

func parseLine(text string) Line {
	line := Line{Text: text}
	words := strings.Fields(text)
	if len(words) > 0 && strings.HasPrefix(words[0], "@") {
		line.Marker, words = words[0], words[1:]
	}
	if len(words) >= 3 && !strings.HasPrefix(words[0], "#") {
		line.Hosts, line.Type, line.Key = words[0], words[1], words[2]
	}
	return line
}

// ParseKeys reads lines that somebody gave for a host. Remarks, as ssh-keyscan prints
// them, are left out; what is no key of that host is an error.
func ParseKeys(host, text string) (File, error) {
	var keys File
	var errs []error
	for _, line := range Parse(text) {
		if words := strings.TrimSpace(line.Text); words == "" || strings.HasPrefix(words, "#") {
			continue
		}
		if err := line.check(host); err != nil {
			errs = append(errs, err)
		}
		line.Text = strings.TrimSpace(line.Text)
		keys = append(keys, line)
	}
	return keys, errors.Join(errs...)
}

// check finds lines without host, cut off, or of another host.
func (l Line) check(host string) error {
	if looksLikeType(strings.Fields(l.Text)[0]) {
		return fmt.Errorf("key has no host before its type; write %q before it", host)
	}
	if l.Key == "" {
		return fmt.Errorf("key must be like \"%s ssh-ed25519 AAAA...\", not %q", host, l.Text)
	}
	if err := keyfile.CheckKey(l.Type, l.Key); err != nil {
		return fmt.Errorf("key of %s: %w", host, err)
	}
	if !l.names(host) {
		//lint:ignore ST1005 Ansible's words
		return fmt.Errorf("Host parameter does not match hashed host field in supplied key: it is for %s, not for %s", l.Hosts, host)
	}
	return nil
}

func looksLikeType(word string) bool {
	return strings.HasPrefix(word, "ssh-") || strings.HasPrefix(word, "ecdsa-") || strings.HasPrefix(word, "sk-ssh-") || strings.HasPrefix(word, "sk-ecdsa-")
}

const hashMark = "|1|"

// names tells whether the line is for a host.
func (l Line) names(host string) bool {
	if strings.HasPrefix(l.Hosts, hashMark) {
		salt, sum, _ := strings.Cut(l.Hosts[len(hashMark):], "|")
		raw, err := base64.StdEncoding.DecodeString(salt)
		return err == nil && hash(raw, host) == sum
	}
	return slices.ContainsFunc(strings.Split(l.Hosts, ","), func(name string) bool { return strings.EqualFold(name, host) })
}

func hash(salt []byte, host string) string {
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(strings.ToLower(host)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (l Line) hashed() bool { return strings.HasPrefix(l.Hosts, hashMark) }

// With gives the file with keys for a host, each taking the place of a key of the same
// type.
func (f File) With(host string, keys File, hashHost bool) (File, error) {
	after := slices.Clone(f)
	for _, key := range keys {
		same := func(l Line) bool { return l.names(host) && l.Type == key.Type && l.Marker == key.Marker }
		at := slices.IndexFunc(after, same)
		if at >= 0 && after[at].Key == key.Key && (!hashHost || after[at].hashed()) {
			continue
		}
		if hashHost && !key.hashed() {
			if err := key.hash(host); err != nil {
				return nil, err
			}
		}
		if at >= 0 {
			after = after.removed(host, same)
		}
		after = append(after, key)
	}
	return after, nil
}

// hash writes the host as a hash.
func (l *Line) hash(host string) error {
	salt := make([]byte, sha1.Size)
	if _, err := rand.Read(salt); err != nil {
		return err
	}
	l.Hosts = hashMark + base64.StdEncoding.EncodeToString(salt) + "|" + hash(salt, host)
	l.Text = strings.TrimSpace(strings.Join([]string{l.Marker, l.Hosts, l.Type, l.Key}, " "))
	return nil
}

// Without gives the file without the host, or only without keys of it.
func (f File) Without(host string, keys File) File {
	return f.removed(host, func(l Line) bool {
		return l.names(host) && (len(keys) == 0 || slices.ContainsFunc(keys, func(k Line) bool { return k.Type == l.Type && k.Key == l.Key }))
	})
}

// removed takes a host out of the lines that match; a line that is for other hosts too
// stays for those.
func (f File) removed(host string, match func(Line) bool) File {
	var left File
	for _, line := range f {
		if !match(line) {
			left = append(left, line)
			continue
		}
		names := slices.DeleteFunc(strings.Split(line.Hosts, ","), func(name string) bool { return strings.EqualFold(name, host) })
		if line.hashed() || len(names) == 0 {
			continue
		}
		others := strings.Join(names, ",")
		line.Text = strings.Replace(line.Text, line.Hosts, others, 1)
		line.Hosts = others
		left = append(left, line)
	}
	return left
}
