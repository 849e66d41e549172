#include "ledger/readable.hpp"

#include <algorithm>

#include "base/opening.hpp"
#include "base/text.hpp"

namespace naestro::ledger {
namespace {

constexpr json::Limits kLineLimits{.bytes_max = std::size_t{1} << 30};

Result<NamedBlobs> named_blobs(const Folders& folders, std::uint64_t size) {
  NAESTRO_LET(auto database, Database::open(store_file(folders), Database::Mode::read_only));
  NAESTRO_LET(auto select, database.prepare("SELECT body FROM events WHERE leaf < ?"));
  select.bind(1, static_cast<std::int64_t>(size));
  NamedBlobs out;
  while (true) {
    NAESTRO_LET(const bool row, select.step());
    if (!row) return out;
    NAESTRO_LET(const Event event, Event::from_body(select.text(0)));
    for (const Digest& id : blobs_of(event.data)) out[event.stream].insert(hex(id));
  }
}

// One line; "" where the text is none.
Result<std::string> line_of(Store& store, const crypto::BlobKey& key, const std::string& id,
                            const TakeOut& take_out, WrittenTexts& written) {
  NAESTRO_LET(const Digest digest, digest_from_hex(id));
  NAESTRO_LET(const Bytes sealed, store.blob(digest));
  NAESTRO_LET(const Bytes plain, crypto::open(key, sealed));
  const std::string text{as_text(plain)};
  if (!is_utf8(text)) {
    ++written.sealed;
    return "";
  }
  if (const auto clean = take_out(text)) {
    ++written.taken_out;
    return json::canonical(json::Object{{"blob", id}, {"taken_out", true}, {"text", *clean}}) +
           "\n";
  }
  NAESTRO_LET(const crypto::Opening opening, crypto::opening_of(key, sealed));
  ++written.texts;
  return json::canonical(json::Object{{"blob", id},
                                      {"key", base64(opening.key)},
                                      {"nonce", base64(opening.nonce)},
                                      {"text", text}}) +
         "\n";
}

// Base64 of exactly as many bytes as `out` has.
template <std::size_t kSize>
bool bytes_at(const json::Object& line, std::string_view member,
              std::array<std::uint8_t, kSize>& out) {
  const auto bytes = from_base64(json::text_at(line, member).value_or(""));
  if (!bytes || bytes->size() != kSize) return false;
  std::ranges::copy(*bytes, out.begin());
  return true;
}

void check_line(const std::string& where, std::string_view text, const std::set<std::string>& named,
                BundleReport& report) {
  const auto find = [&](const char* what, const char* detail) {
    report.findings.push_back({what, where, detail});
  };
  const auto value = json::parse(text, kLineLimits);
  const json::Object* line = value ? value->if_object() : nullptr;
  const auto id = line == nullptr ? std::nullopt : json::text_at(*line, "blob");
  const auto said = line == nullptr ? std::nullopt : json::text_at(*line, "text");
  if (!id || !said) return find("malformed", "blob or text is missing");
  if (!named.contains(std::string{*id})) {
    return find("text_other", "no event of this stream names its blob");
  }
  if (json::bool_at(*line, "taken_out") == true && line->size() == 3) {
    ++report.taken_out;
    return;
  }
  crypto::Opening opening;
  if (line->size() != 4 || !bytes_at(*line, "key", opening.key) ||
      !bytes_at(*line, "nonce", opening.nonce)) {
    return find("malformed", "it has neither what proves it, nor was something taken out");
  }
  if (hex(crypto::sha256(crypto::seal_again(opening, as_bytes(*said)))) != *id) {
    return find("text_changed", "it is not what the blob of this name says");
  }
  ++report.texts;
}

}  // namespace

std::string texts_path(std::string_view stream) {
  return "readable/" + std::string{stream} + ".jsonl";
}

Result<WrittenTexts> publish_texts(const Folders& folders, Store& store, KeyRing& keys,
                                   std::uint64_t size, const TakeOut& take_out,
                                   const PutFile& put) {
  WrittenTexts out;
  NAESTRO_LET(const NamedBlobs named, named_blobs(folders, size));
  for (const auto& [stream, ids] : named) {
    const auto key = keys.find(stream);
    if (!key && key.error().code != Code::kKeyMissing) return std::unexpected(key.error());
    if (!key) {
      out.sealed += ids.size();
      continue;
    }
    std::string file;
    for (const std::string& id : ids) {
      NAESTRO_LET(const std::string line, line_of(store, *key, id, take_out, out));
      file += line;
    }
    NAESTRO_TRY(put(texts_path(stream), file));
  }
  return out;
}

void check_texts(std::string_view stream, std::string_view file, const std::set<std::string>& named,
                 BundleReport& report) {
  std::vector<std::string> lines = split(file, '\n');
  if (!lines.back().empty()) {
    report.findings.push_back({"malformed", texts_path(stream), "its last line does not end"});
  }
  lines.pop_back();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    check_line(texts_path(stream) + " line " + std::to_string(i + 1), lines[i], named, report);
  }
}

}  // namespace naestro::ledger
