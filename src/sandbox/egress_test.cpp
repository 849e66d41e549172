// The way out: what is asked for is read in one way, and what is dialled is what was allowed.
#include "sandbox/egress.hpp"

#include "sandbox/confine.hpp"
#include "testing/process.hpp"
#include "testing/stub_server.hpp"
#include "testing/testing.hpp"

namespace naestro::sandbox {
namespace {

std::string head(std::string_view text) {
  const auto request = parse_request(text);
  return request ? request->head : "refused: " + request.error().message;
}

TEST(Request, ATunnelNamesHostAndPort) {
  const auto request = parse_request("CONNECT A.example:443 HTTP/1.1\r\nHost: b.example\r\n\r\n");
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_TRUE(request->tunnel);
  EXPECT_EQ(net::origin(request->url), "https://a.example");
  EXPECT_EQ(parse_request("CONNECT [::1]:8443 HTTP/1.1\r\n\r\n")->url.port, 8443);
  EXPECT_EQ(parse_request("CONNECT 2852039166:443 HTTP/1.1\r\n\r\n")->url.host, "169.254.169.254");
}

TEST(Request, AnExchangeIsWrittenAnew) {
  EXPECT_EQ(head("GET http://A.example:80/a/../b?c#d HTTP/1.0\r\nhost: a.example\r\nAccept: x\r\n"
                 "Proxy-Authorization: y\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n"),
            "GET /b?c HTTP/1.1\r\nHost: a.example\r\nAccept: x\r\nContent-Length: 3\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_EQ(head("GET http://a.example:8080 HTTP/1.1\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: a.example:8080\r\nConnection: close\r\n\r\n");
}

TEST(Request, WhatCouldBeReadInTwoWaysIsRefused) {
  for (const char* text :
       {"",
        "\r\n",
        "GET http://a.example/ HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET https://a.example/ HTTP/1.1\r\n\r\n",
        "GET  http://a.example/ HTTP/1.1\r\n\r\n",
        "GET http://a.example/ HTTP/2\r\n\r\n",
        "G(T http://a.example/ HTTP/1.1\r\n\r\n",
        "GET gopher://a.example/ HTTP/1.1\r\n\r\n",
        "GET http://b@a.example/ HTTP/1.1\r\n\r\n",
        "GET http://a.example\\@b/ HTTP/1.1\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\nA: b\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\nA: b\r c\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\n A: b\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\nA : b\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\nnone\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\nHost: a.example:81\r\n\r\n",
        "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n",
        "POST http://a.example/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "POST http://a.example/ HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        "POST http://a.example/ HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
        "POST http://a.example/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST http://a.example/ HTTP/1.1\r\nExpect: 100-continue\r\n\r\n",
        "CONNECT a.example HTTP/1.1\r\n\r\n",
        "CONNECT a.example:443/x HTTP/1.1\r\n\r\n",
        "CONNECT [::1] HTTP/1.1\r\n\r\n",
        "CONNECT a@b.example:443 HTTP/1.1\r\n\r\n",
        "CONNECT a.example:0 HTTP/1.1\r\n\r\n",
        "CONNECT a.example%00.b:443 HTTP/1.1\r\n\r\n",
        "CONNECT a.example.:443 HTTP/1.1\r\n\r\n",
        "CONNECT a.example:443 HTTP/1.1\r\nContent-Length: 1\r\n\r\n"}) {
    EXPECT_FALSE(parse_request(text)) << text;
  }
}

TEST(Request, OneToAHostIsOneToTheProxy) {
  const net::Url url = *net::parse_url("http://a.example:8080/");
  EXPECT_EQ(to_proxy("GET /x?y HTTP/1.1\r\n\r\n", url),
            "GET http://a.example:8080/x?y HTTP/1.1\r\n\r\n");
  for (const char* other : {"", "GET", "GET ", "OPTIONS * HTTP/1.1\r\n\r\n",
                            "GET http://b.example/ HTTP/1.1\r\n\r\n", "\r\n\r\n"}) {
    EXPECT_EQ(to_proxy(other, url), other);
  }
}

std::string bytes(std::size_t count, std::size_t number) {
  std::string out;
  for (std::size_t i = count; i > 0; --i) out += static_cast<char>(number >> (8 * (i - 1)));
  return out;
}
std::string sized(std::size_t count, const std::string& text) {
  return bytes(count, text.size()) + text;
}
std::string extension(std::size_t id, const std::string& text) {
  return bytes(2, id) + sized(2, text);
}
std::string server_name(const std::string& name) {
  return extension(0, sized(2, std::string(1, '\0') + sized(2, name)));
}
std::string hello(const std::string& extensions) {
  const std::string body = "\x03\x03" + std::string(32, 'r') + sized(1, "") + sized(2, "ab") +
                           sized(1, std::string(1, '\0')) + sized(2, extensions);
  return "\x16\x03\x01" + sized(2, "\x01" + sized(3, body));
}

TEST(Hello, TheHostIsRead) {
  const std::string record = hello(extension(10, "xx") + server_name("A.example"));
  EXPECT_EQ(record_bytes(record.substr(0, 5)), record.size());
  EXPECT_EQ(name_in_hello(record).value(), "a.example");
  EXPECT_EQ(name_in_hello(hello(extension(10, "xx"))).value(), "");
}

TEST(Hello, WhatIsNoneIsRefused) {
  EXPECT_EQ(record_bytes("SSH-2"), 0U);
  EXPECT_EQ(record_bytes(""), 0U);
  EXPECT_EQ(record_bytes(std::string_view{"\x16\x03\x01\0\0", 5}), 0U);
  EXPECT_EQ(record_bytes("\x16\x03\x01\xff\xff"), 0U);
  const std::string record = hello(server_name("a.example"));
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(name_in_hello(record.substr(0, size))) << size;
  }
  EXPECT_FALSE(name_in_hello(record + "x"));
  EXPECT_FALSE(name_in_hello(hello(server_name("a.example") + server_name("b.example"))));
  EXPECT_FALSE(name_in_hello(hello(server_name(""))));
  EXPECT_FALSE(name_in_hello(hello(extension(0, sized(2, "\x01" + sized(2, "a"))))));
  std::string other = record;
  other[5] = 2;
  EXPECT_FALSE(name_in_hello(other));
}

struct EgressTest : ::testing::Test {
  testing::TempDir dir;
  Kernel kernel = look();
  std::vector<std::string> lines;
  Job job{.folder = dir.str(), .cwd = dir.str(), .output_bytes_max = 100'000};

  void SetUp() override {
    job.log = [this](const std::string& line) { lines.push_back(line); };
    if (missing(kernel).empty()) return;
    ASSERT_FALSE(testing::required("landlock")) << missing(kernel);
    GTEST_SKIP() << missing(kernel);
  }
  // Sends the text to the proxy, then each of `more` after something came; prints all that comes.
  Ended talk(const std::string& hosts, const std::string& text, const std::string& more = {}) {
    job.hosts = net::HostList::parse(hosts).value();
    job.input = text + '\0' + more;
    job.argv = {"/usr/bin/python3", "-I", "-c",
                "import os, socket, sys\n"
                "first, more = sys.stdin.buffer.read().split(b'\\0', 1)\n"
                "s = socket.create_connection(('127.0.0.1', 3128))\ns.sendall(first)\n"
                "def show():\n  d = s.recv(65536)\n  sys.stdout.buffer.write(d)\n  return d\n"
                "if more:\n  show()\n  s.sendall(more)\n"
                "while show(): pass\n"};
    auto result = run(kernel, job, {});
    EXPECT_TRUE(result) << result.error().text();
    return result ? *std::move(result) : Ended{};
  }
};

using testing::StubConnection;
using testing::StubServer;

void hello_back(const std::string&, StubConnection& connection) {
  connection.send(StubServer::answer(200, "hello"));
}
std::string port_of(const StubServer& server) {
  return server.url().substr(server.url().rfind(':') + 1);
}

TEST_F(EgressTest, WhatIsListedIsReached) {
  StubServer server{hello_back};
  const Ended got =
      talk(server.url(), "GET " + server.url() + "/x?y HTTP/1.1\r\nAccept: z\r\n\r\n");
  EXPECT_TRUE(got.out.ends_with("hello")) << got.out << got.err;
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_TRUE(server.requests()[0].starts_with("GET /x?y HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_TRUE(got.refused.empty());
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("egress: GET http://127.0.0.1:")) << lines[0];
  EXPECT_TRUE(lines[0].ends_with(" allowed")) << lines[0];
}

TEST_F(EgressTest, ABodyHasItsLength) {
  StubServer server{hello_back};
  const std::string post = "POST " + server.url() + "/ HTTP/1.1\r\nContent-Length: 4\r\n\r\n";
  EXPECT_TRUE(talk(server.url(), post + "body").out.ends_with("hello"));
  EXPECT_TRUE(server.requests()[0].ends_with("\r\n\r\nbody")) << server.requests()[0];
  EXPECT_TRUE(talk(server.url(), post + "bodyGET http://x/").out.starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(EgressTest, WhatIsNotListedIsNot) {
  StubServer server{hello_back};
  for (const std::string& list : {std::string{"none"}, std::string{"https://a.example"},
                                  "https://127.0.0.1:" + port_of(server)}) {
    const Ended got = talk(list, "GET " + server.url() + "/ HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(got.out.starts_with("HTTP/1.1 403 Forbidden")) << got.out << got.err;
    ASSERT_EQ(got.refused.size(), 1U);
    EXPECT_TRUE(got.refused[0].contains("is not among the hosts")) << got.refused[0];
  }
  EXPECT_TRUE(talk(server.url(), "GET / HTTP/1.1\r\n\r\n").out.starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(EgressTest, ANameThatLeadsToThisMachineIsNotDialled) {
  StubServer server{hello_back};
  const std::string url = "http://localhost:" + port_of(server);
  const Ended got = talk(url, "GET " + url + "/ HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(got.out.starts_with("HTTP/1.1 403 Forbidden")) << got.out;
  EXPECT_TRUE(got.out.contains("no address of the public Internet")) << got.out;
  EXPECT_TRUE(server.requests().empty());
  const Ended nobody = talk("http://127.0.0.1:1", "GET http://127.0.0.1:1/ HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(nobody.out.starts_with("HTTP/1.1 502 ")) << nobody.out;
}

TEST_F(EgressTest, ATunnelIsToAListedPortAlone) {
  StubServer server{hello_back};
  const std::string at = "127.0.0.1:" + port_of(server);
  const std::string ask = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const Ended got = talk("https://" + at, "CONNECT " + at + " HTTP/1.1\r\n\r\n", ask);
  EXPECT_TRUE(got.out.starts_with("HTTP/1.1 200 ")) << got.out;
  EXPECT_TRUE(got.out.ends_with("hello")) << got.out;
  const Ended other = talk("https://127.0.0.1", "CONNECT " + at + " HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(other.out.starts_with("HTTP/1.1 403 ")) << other.out;
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(EgressTest, WhatIsSentIsCounted) {
  StubServer server{hello_back};
  const std::string size = std::to_string(kSentBytesMax + 1);
  const Ended got =
      talk(server.url(), "POST " + server.url() + "/ HTTP/1.1\r\nContent-Length: " + size +
                             "\r\n\r\n" + std::string(kSentBytesMax + 1, 'x'));
  ASSERT_EQ(got.refused.size(), 1U) << got.err;
  EXPECT_TRUE(got.refused[0].contains("more than 16 MiB")) << got.refused[0];
}

TEST_F(EgressTest, ThereIsNoOtherWay) {
  StubServer server{hello_back};
  job.hosts = net::HostList::parse(server.url()).value();
  job.argv = {"/usr/bin/python3", "-I", "-c",
              "import errno, socket, sys\n"
              "def attempt(f):\n  try: print('did', f())\n"
              "  except OSError as e: print(errno.errorcode.get(e.errno, e))\n"
              "s = lambda *w: socket.socket(*w)\n"
              "attempt(lambda: s(socket.AF_INET, socket.SOCK_DGRAM, 1))\n"  // ICMP
              "attempt(lambda: s(socket.AF_INET, socket.SOCK_DGRAM, 136))\n"
              "attempt(lambda: s(socket.AF_INET, socket.SOCK_SEQPACKET))\n"
              "attempt(lambda: s(socket.AF_INET6))\nattempt(lambda: s(socket.AF_UNIX))\n"
              "attempt(lambda: s(socket.AF_INET, socket.SOCK_STREAM, 262))\n"
              "attempt(lambda: s(socket.AF_INET, socket.SOCK_RAW, 1))\n"
              "attempt(lambda: s(socket.AF_NETLINK, socket.SOCK_RAW))\n"
              "t = s()\n"
              "attempt(lambda: t.sendto(b'x', 0x20000000, ('127.0.0.1', 3128)))\n"
              "attempt(lambda: t.bind(('127.0.0.1', 0)))\nattempt(lambda: t.listen())\n"
              "u = s(socket.AF_INET, socket.SOCK_DGRAM)\n"
              "attempt(lambda: u.bind(('127.0.0.1', 0)))\n"
              "attempt(lambda: u.setsockopt(17, 100, 1))\n"
              "ok = (errno.EACCES, errno.ENETUNREACH, errno.ECONNREFUSED)\n"
              "for a in (('127.0.0.1', int(sys.argv[1])), ('192.0.2.1', 3128), ('1.1.1.1', 443)):\n"
              "  print(s().connect_ex(a) in ok)\n"
              "for a in ('192.0.2.1', '1.1.1.1', '224.0.0.1', '255.255.255.255', '10.0.0.1'):\n"
              "  for p in (53, int(sys.argv[1])):\n"
              "    try: print('sent', u.sendto(b'x', (a, p)))\n"
              "    except OSError as e: print(e.errno in (*ok, errno.ENETUNREACH))\n",
              port_of(server)};
  const auto got = run(kernel, job, {});
  ASSERT_TRUE(got);
  std::string expected;
  for (int i = 0; i < 13; ++i) expected += "EPERM\n";
  for (int i = 0; i < 13; ++i) expected += "True\n";
  EXPECT_EQ(got->out, expected) << got->err;
  EXPECT_TRUE(server.requests().empty());
}

// Programs that know no proxy.
struct NamesTest : EgressTest {
  Ended python(const std::string& hosts, const std::string& script,
               const std::vector<std::string>& words = {}) {
    job.hosts = net::HostList::parse(hosts).value();
    job.argv = {"/usr/bin/python3", "-I", "-c", "import errno, socket, sys\n" + script};
    job.argv.insert(job.argv.end(), words.begin(), words.end());
    auto result = run(kernel, job, {});
    EXPECT_TRUE(result) << result.error().text();
    return result ? *std::move(result) : Ended{};
  }
  // Connects by name; sends, and prints what comes back.
  Ended connect(const std::string& hosts, const std::string& port, const std::string& text) {
    return python(hosts,
                  "s = socket.create_connection(('localhost', int(sys.argv[1])))\n"
                  "s.sendall(sys.argv[2].encode())\n"
                  "while d := s.recv(4096): sys.stdout.write(d.decode())\n",
                  {port, text});
  }
};

TEST_F(NamesTest, AreOfTheListedHostsAlone) {
  const Ended got = python("a.example https://b.example:22",
                           "for n in ('a.example', 'B.Example', 'c.example', 'x.a.example'):\n"
                           "  try: print(socket.gethostbyname(n))\n"
                           "  except socket.gaierror as e: print('no', n)\n"
                           "print({x[4][0] for x in socket.getaddrinfo('a.example', 443)})\n"
                           "print(open('/etc/resolv.conf').read(), end='')\n");
  EXPECT_EQ(got.out,
            "198.18.0.1\n198.18.0.2\nno c.example\nno x.a.example\n{'198.18.0.1'}\n"
            "nameserver 127.0.0.1\n")
      << got.err;
  EXPECT_EQ(got.refused_count, 2U);
  ASSERT_EQ(got.refused.size(), 2U);
  EXPECT_TRUE(got.refused[0].starts_with("egress: the name c.example refused: ")) << got.refused[0];
  EXPECT_TRUE(got.reached.empty());
}

// "localhost" is a name as others; it may be dialled since its address is listed by number.
TEST_F(NamesTest, WhatConnectsToOneIsCarriedToItsHost) {
  StubServer server{hello_back};
  const std::string port = port_of(server);
  const std::string both = "http://localhost:" + port + " " + server.url();
  const Ended got = connect(both, port, "GET /x HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n");
  EXPECT_TRUE(got.out.ends_with("hello")) << got.out << got.err;
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0],
            "GET /x HTTP/1.1\r\nHost: localhost:" + port + "\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(got.refused.empty());
  ASSERT_EQ(got.reached.size(), 1U);
  EXPECT_EQ(got.reached[0].origin, "http://localhost:" + port);
  // What is no plain HTTP goes on as it is.
  const Ended bytes = connect("localhost:" + port + " 127.0.0.1:" + port, port,
                              "GET / HTTP/1.1\r\nHost: z\r\n\r\n");
  EXPECT_TRUE(bytes.out.ends_with("hello")) << bytes.out << bytes.err;
  EXPECT_EQ(server.requests()[1], "GET / HTTP/1.1\r\nHost: z\r\n\r\n");
}

TEST_F(NamesTest, ItsAddressIsJudgedAsTheProxyDoes) {
  StubServer server{hello_back};
  const std::string port = port_of(server);
  for (const std::string& list : {"http://localhost:" + port, "localhost:" + port}) {
    const Ended got = connect(list, port, "GET / HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n");
    EXPECT_FALSE(got.out.ends_with("hello")) << got.out;
    ASSERT_EQ(got.refused.size(), 1U) << got.err;
    EXPECT_TRUE(got.refused[0].contains("no address of the public Internet")) << got.refused[0];
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(NamesTest, OfHttpTheRequestIsForThatHost) {
  StubServer server{hello_back};
  const std::string port = port_of(server);
  const std::string both = "http://localhost:" + port + " " + server.url();
  for (const std::string& request :
       {"GET / HTTP/1.1\r\nHost: b.example\r\n\r\n" + std::string{},
        "GET http://b.example/ HTTP/1.1\r\n\r\n" + std::string{},
        "GET " + server.url() + "/ HTTP/1.1\r\n\r\n",
        "CONNECT localhost:" + port + " HTTP/1.1\r\n\r\n",
        std::string{"OPTIONS * HTTP/1.1\r\n\r\n"}, std::string{"\r\n\r\n"}}) {
    const Ended got = connect(both, port, request);
    EXPECT_TRUE(got.out.starts_with("HTTP/1.1 400 ")) << request << got.out << got.err;
    EXPECT_EQ(got.refused.size(), 1U) << request;
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(NamesTest, OtherPortsAndAddressesAreNot) {
  StubServer server{hello_back};
  const std::string port = port_of(server);
  const std::string hosts = "http://localhost:" + port + " " + server.url() + " a.example:1";
  const Ended got = python(hosts,
                           "p = int(sys.argv[1])\n"
                           "for at in (('localhost', 2), ('localhost', 1), ('localhost', 3128),\n"
                           "           ('a.example', p), ('198.18.77.1', p), ('127.0.0.1', p)):\n"
                           "  e = socket.socket().connect_ex(at)\n"
                           "  print(e in (errno.ECONNREFUSED, errno.EACCES))\n",
                           {port});
  EXPECT_EQ(got.out, "True\nTrue\nTrue\nTrue\nTrue\nTrue\n") << got.err;
  EXPECT_TRUE(server.requests().empty());
  EXPECT_TRUE(got.reached.empty());
}

TEST_F(NamesTest, OnlySoManyDoors) {
  std::string hosts;
  for (int port = 1; port <= 199; ++port) hosts += "a.example:" + std::to_string(port) + " ";
  job.hosts = net::HostList::parse(hosts).value();
  job.argv = {"true"};
  const auto most = run(kernel, job, {});
  EXPECT_TRUE(most) << most.error().text();
  job.hosts = net::HostList::parse(hosts + "b.example").value();
  const auto refused = run(kernel, job, {});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("200 hosts and ports")) << refused.error().text();
}

}  // namespace
}  // namespace naestro::sandbox
