// The name server of a program's own network: it knows the hosts that the program may reach, and
// asks nobody. Used inside the room only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "net/hosts.hpp"

namespace naestro::sandbox {

// Stand-ins: each name among the hosts has an address in its place, of a range that is nobody's
// (RFC 2544) and that the program's own loopback has.
inline constexpr std::uint32_t kStandIns = 0xc6120000;  // 198.18.0.0, first of a /16
inline constexpr std::uint32_t kStandInMask = 0xffff0000;

// Names in small letters, and what stands in for them, in the host's byte order. What is named by
// number has none.
using StandIns = std::map<std::string, std::uint32_t, std::less<>>;
StandIns stand_ins(const net::HostList& hosts);

struct NameAnswer {
  std::string message;  // to be sent back; "": nothing is
  std::string unknown;  // the name, where the answer is that there is none
};

// To one message of RFC 1035, whatever its bytes are. A known name has one address of the type A
// and nothing of any other type; "localhost" has 127.0.0.1, unless it is known itself.
NameAnswer answer_name(std::string_view message, const StandIns& known);

}  // namespace naestro::sandbox
