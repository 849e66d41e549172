// Whether a text that looks like a number of some kind is one, by that kind's own rules.
#pragma once

#include <optional>
#include <string_view>

namespace naestro::privacy {

inline constexpr std::size_t kCardDigitsMin = 12;
inline constexpr std::size_t kCardDigitsMax = 19;

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_word(char c) { return is_digit(c) || is_letter(c) || c == '_'; }

// `digits`: digits alone. As many as a card has, and the check digit of ISO/IEC 7812-1 (Luhn).
bool is_checked_card(std::string_view digits);
// Also in the form of an issuer.
bool is_card(std::string_view digits);
// Without blanks. The country's length, and the check digits of ISO 7064 (MOD 97-10).
bool is_iban(std::string_view text);
// Nine digits: none of an area, a group or a serial number that is never given out.
bool is_us_ssn(std::string_view digits);
// Dotted quad (RFC 6943) that is some machine's: not this one's own, nobody's or everybody's.
bool is_ipv4(std::string_view text);
// RFC 4291, without zone; not :: or ::1.
bool is_ipv6(std::string_view text);
// How many digits the country code has with which an international number begins; nullopt: none
// begins so.
std::optional<std::size_t> country_code(std::string_view digits);

}  // namespace naestro::privacy
