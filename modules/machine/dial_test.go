package machine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestDialReachesNamesAddressesAndSockets(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	_, port, _ := net.SplitHostPort(tcp.Addr().String())
	socket := filepath.Join(t.TempDir(), "s")
	unix, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close()
	for address, network := range map[string]string{"127.0.0.1:" + port: "tcp", "localhost:" + port: "tcp", ":" + port: "tcp", "LocalHost:" + port: "tcp4", socket: "unix"} {
		conn, err := Dial(t.Context(), network, address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		conn.Close()
	}
}

func TestDialSaysWhatIsWrong(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	for address, want := range map[string]string{
		address:                "connection refused",
		"nowhere":              "missing port",
		"127.0.0.1:http":       `"http" is no number of a port`,
		"127.0.0.1:70000":      `"70000" is no number of a port`,
		"-v:80":                `there is no host "-v"`,
		"no-such.invalid:80":   `there is no host "no-such.invalid"`,
		"/no/such/socket:8080": "there is no host",
	} {
		conn, err := Dial(t.Context(), "tcp", address)
		if err == nil || conn != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %s", address, conn, err, want)
		}
	}
	if conn, err := Dial(t.Context(), "unix", filepath.Join(t.TempDir(), "s")); err == nil || conn != nil {
		t.Errorf("a socket that is not there gives %v, %v", conn, err)
	}
}

func TestNamesInHostsAndOfGetent(t *testing.T) {
	hosts := "127.0.0.1\tlocalhost # n1\n10.0.0.1 n1.example N1\nfe80::1%eth0 n1\nbroken n1\n#10.9.9.9 n1\n10.0.0.2\n"
	if got := addressTexts(inHosts(hosts, "n1")); !slices.Equal(got, []string{"10.0.0.1", "fe80::1%eth0"}) {
		t.Errorf("in /etc/hosts: %v", got)
	}
	answer := "2001:db8::1     STREAM web\n2001:db8::1     DGRAM  \n10.0.0.7        STREAM \n\nnoise\n"
	if got := addressTexts(fromGetent(answer)); !slices.Equal(got, []string{"2001:db8::1", "10.0.0.7"}) {
		t.Errorf("of getent: %v", got)
	}
}

func addressTexts(list []netip.Addr) []string {
	var texts []string
	for _, a := range list {
		texts = append(texts, a.String())
	}
	return texts
}

var three = []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.3")}

// silent is a host that answers nothing.
func silent(ctx context.Context) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTheNextAddressIsTriedBesideASilentOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mine, theirs := net.Pipe()
		defer theirs.Close()
		start := time.Now()
		conn, err := first(t.Context(), three, func(ctx context.Context, a netip.Addr) (net.Conn, error) {
			switch a {
			case three[0]:
				return silent(ctx)
			case three[1]:
				return nil, errors.New("refused")
			}
			return mine, nil
		})
		if conn != mine || err != nil || time.Since(start) != patience {
			t.Errorf("got %v, %v after %v", conn, err, time.Since(start))
		}
	})
}

func TestTheFirstFailureIsToldWhenAllFail(t *testing.T) {
	_, err := first(t.Context(), three, func(_ context.Context, a netip.Addr) (net.Conn, error) {
		return nil, errors.New("refused by " + a.String())
	})
	if err == nil || err.Error() != "refused by 10.0.0.1" {
		t.Errorf("got %v", err)
	}
}

func TestSilentHostsAreGivenUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		_, err := first(ctx, three, func(ctx context.Context, _ netip.Addr) (net.Conn, error) { return silent(ctx) })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}
