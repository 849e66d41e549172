// What the rules of privacy/find know of the world: lengths, ranges, words. Sources stand at each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace naestro::privacy {

// ISO 13616 (the registry of SWIFT): letters of the country and the length of an IBAN there.
struct IbanForm {
  std::string_view country;
  std::size_t length;
};
inline constexpr std::array<IbanForm, 88> kIbans = {{
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
    {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24},
    {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18},
    {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27},
    {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27},
    {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
    {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20}, {"MR", 27},
    {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24}, {"PL", 28},
    {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24}, {"SC", 31},
    {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28},
    {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
}};

// ISO/IEC 7812: the first digits of payment cards, from and to, and how many digits a card has.
struct CardForm {
  std::uint32_t from;  // both of the same number of digits
  std::uint32_t to;
  std::size_t shortest;
  std::size_t longest;
};
inline constexpr std::array<CardForm, 24> kCards = {{
    {4, 4, 13, 13},       {4, 4, 16, 16},       {4, 4, 19, 19},        // Visa
    {51, 55, 16, 16},     {2221, 2720, 16, 16},                        // Mastercard
    {34, 34, 15, 15},     {37, 37, 15, 15},                            // American Express
    {300, 305, 14, 19},   {3095, 3095, 14, 19}, {36, 36, 14, 19},      // Diners Club
    {38, 39, 14, 19},                                                  //
    {6011, 6011, 16, 19}, {644, 649, 16, 19},   {65, 65, 16, 19},      // Discover
    {3528, 3589, 16, 19}, {1800, 1800, 15, 15}, {2131, 2131, 15, 15},  // JCB
    {62, 62, 16, 19},     {81, 81, 16, 19},                            // UnionPay
    {50, 50, 12, 19},     {56, 58, 12, 19},     {6, 6, 12, 19},        // Maestro
    {2200, 2205, 16, 19}, {60, 60, 16, 16},                            // Mir, RuPay
}};

// ITU-T E.164: country codes of two digits, by their first; those of one digit are 1 and 7, all
// others have three.
inline constexpr std::array<std::string_view, 10> kTwoDigitCodes = {
    "", "", "07", "0123469", "013456789", "12345678", "0123456", "", "1246", "0123458"};

// Social security numbers that were printed in advertisements, and are nobody's.
inline constexpr std::array<std::string_view, 2> kVoidSsns = {"078051120", "219099999"};

// Words that stand near. Lower case; ASCII letters only.
inline constexpr std::array<std::string_view, 26> kPhoneBefore = {
    "phone",  "phones", "telephone", "tel",      "mobile",  "cell",    "cellphone",
    "fax",    "call",   "called",    "calling",  "dial",    "ring",    "sms",
    "office", "desk",   "landline",  "hotline",  "reach",   "reached", "answering",
    "pager",  "handy",  "telefon",   "whatsapp", "helpline"};
inline constexpr std::array<std::string_view, 9> kPhoneAfter = {
    "fax", "mobile", "office", "cell", "phone", "tel", "home", "desk", "landline"};
// A number with the right check digit is a card's beside one of these, whoever issued it.
inline constexpr std::array<std::string_view, 7> kCardBefore = {
    "card", "cards", "cc", "visa", "mastercard", "amex", "maestro"};
inline constexpr std::array<std::string_view, 4> kSsnBefore = {"ssn", "ssns", "social", "security"};
inline constexpr std::array<std::string_view, 6> kBirthBefore = {"born",      "birth", "birthday",
                                                                 "birthdate", "dob",   "geboren"};
inline constexpr std::array<std::string_view, 12> kIdBefore = {
    "passport", "passports", "license", "licence", "identity", "national",
    "id",       "permit",    "visa",    "tin",     "taxpayer", "reisepass"};
// A number of four parts behind one of these is none of a machine.
inline constexpr std::array<std::string_view, 8> kNoAddress = {
    "version", "release", "section", "chapter", "firmware", "build", "clause", "paragraph"};

}  // namespace naestro::privacy
