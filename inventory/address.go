package inventory

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	bracketedPort = regexp.MustCompile(`^\[(.+)\]:([0-9]+)$`)
	plainPort     = regexp.MustCompile(`^((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)$`)
	hexRange      = regexp.MustCompile(`(?i)\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\]`)
	nameRange     = regexp.MustCompile(`(?i)\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`)
	label         = regexp.MustCompile(`^[\pL\pN_][\pL\pN_-]*$`)
)

// splitPort takes host:port apart. ok is false where what remains is neither a host
// name nor an address, both of which may hold ranges; port is then part of the name.
func splitPort(s string) (host string, port int, ok bool) {
	host = s
	for _, pattern := range []*regexp.Regexp{bracketedPort, plainPort} {
		if m := pattern.FindStringSubmatch(host); m != nil {
			host = m[1]
			port, _ = strconv.Atoi(m[2])
		}
	}
	if !isAddress(host) && !isHostName(host) {
		return s, 0, false
	}
	return host, port, true
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(hexRange.ReplaceAllString(s, "0"))
	return err == nil && !strings.Contains(s, "%")
}

// isHostName follows DNS, and allows underscores and letters of any script.
func isHostName(s string) bool {
	for part := range strings.SplitSeq(nameRange.ReplaceAllString(s, "a"), ".") {
		last, _ := utf8.DecodeLastRuneInString(part)
		if !label.MatchString(part) || !unicode.IsLetter(last) && !unicode.IsNumber(last) {
			return false
		}
	}
	return true
}
