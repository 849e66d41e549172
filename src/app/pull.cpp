#include "app/pull.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "ledger/files.hpp"
#include "models/gguf.hpp"
#include "net/http.hpp"

namespace naestro::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kContractBytesMax = std::size_t{1} << 20;
constexpr std::size_t kHeadBytesMax = std::size_t{32} << 20;  // vocabularies are that large
constexpr std::int64_t kContextMax = 4096;  // more costs memory that small machines lack
constexpr std::int64_t kContextUnknown = 2048;
constexpr std::int64_t kRoomLeft = 64'000'000;  // for the store, after the download
constexpr int kRedirectsMax = 5;
constexpr std::size_t kMagicBytes = 4;

std::unexpected<Error> no_gguf(const std::string& url) {
  return fail(Code::kUsage, url + " is not a GGUF file: it does not begin with 'GGUF'",
              "give the address of the file itself, not of a page about it");
}

// A part of the file, which only one process may write.
class Part {
 public:
  static Result<Part> open(const std::string& path) {
    Part part{path, ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
    if (part.fd_ < 0) return part.failed("opened");
    if (::flock(part.fd_, LOCK_EX | LOCK_NB) != 0) {
      return fail(Code::kStoreBusy, "another process downloads " + path + " right now",
                  "wait for it");
    }
    NAESTRO_TRY(part.read_what_is_there());
    return part;
  }
  Part(Part&& other) noexcept
      : path_{std::move(other.path_)},
        fd_{std::exchange(other.fd_, -1)},
        hash_{other.hash_},
        size_{other.size_},
        begin_{std::move(other.begin_)} {}
  Part& operator=(Part&&) = delete;
  ~Part() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] bool may_be_gguf() const {
    return size_ < static_cast<std::int64_t>(kMagicBytes) || models::is_gguf(begin_);
  }

  Result<void> append(std::string_view piece) {
    for (std::string_view rest = piece; !rest.empty();) {
      const ssize_t put = ::write(fd_, rest.data(), rest.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return failed("written");
      rest.remove_prefix(static_cast<std::size_t>(put));
    }
    take(piece);
    return {};
  }

  Result<void> clear() {
    if (::ftruncate(fd_, 0) != 0 || ::lseek(fd_, 0, SEEK_SET) != 0) return failed("emptied");
    hash_ = {};
    size_ = 0;
    begin_.clear();
    return {};
  }

  Digest digest() { return hash_.finish(); }

  void remove() const { ::unlink(path_.c_str()); }

  Result<void> become(const std::string& name) {
    if (::fsync(fd_) != 0 || ::rename(path_.c_str(), name.c_str()) != 0) return failed("kept");
    return {};
  }

 private:
  Part(std::string path, int fd) : path_{std::move(path)}, fd_{fd} {}

  [[nodiscard]] std::unexpected<Error> failed(const char* what) const {
    const bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    return fail(full ? Code::kStoreFull : Code::kIo,
                path_ + " cannot be " + what + ": " + std::strerror(errno),
                full ? "make room and call it again: it goes on with what is there"
                     : "check the folder, or choose another with -c assets=FOLDER");
  }

  void take(std::string_view piece) {
    hash_.update(as_bytes(piece));
    size_ += static_cast<std::int64_t>(piece.size());
    if (begin_.size() < kMagicBytes) begin_ += piece.substr(0, kMagicBytes - begin_.size());
  }

  Result<void> read_what_is_there() {
    std::string buffer(std::size_t{1} << 20, '\0');
    for (;;) {
      const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed("read");
      if (got == 0) return {};
      take({buffer.data(), static_cast<std::size_t>(got)});
    }
  }

  std::string path_;
  int fd_;
  crypto::Sha256 hash_;
  std::int64_t size_ = 0;
  std::string begin_;
};

Result<void> check_room(const std::string& folder, std::int64_t bytes) {
  struct statvfs info{};
  if (::statvfs(folder.c_str(), &info) != 0) return {};  // writing will say
  const auto free =
      static_cast<std::int64_t>(info.f_bavail) * static_cast<std::int64_t>(info.f_frsize);
  if (bytes <= free - kRoomLeft) return {};
  return fail(Code::kStoreFull,
              std::to_string(bytes / 1'000'000) + " MB are to come, and " + folder + " has " +
                  std::to_string(free / 1'000'000) + " MB left",
              "make room, or choose another folder with -c assets=FOLDER");
}

using Progress = std::function<void(std::int64_t, std::int64_t)>;

// One exchange: appends to the part what it lacks.
Result<net::Response> get(Part& part, const std::string& url, const std::string& folder,
                          const Progress& progress, const std::stop_token& stop) {
  std::optional<Error> stopped;  // by us
  std::int64_t total = -1;
  const auto good = [&stopped](Result<void> result) {
    if (!result) stopped = std::move(result).error();
    return !stopped;
  };
  net::Request request{.url = url};
  request.timeout = std::chrono::hours{24};
  request.response_bytes_max = std::size_t{1} << 40;
  if (part.size() > 0) request.headers = {{"Range", "bytes=" + std::to_string(part.size()) + "-"}};
  request.on_begin = [&](int status, std::int64_t length) {
    if (status != 206 && !good(part.clear())) return false;  // the server sends all of it
    if (length > 0) total = part.size() + length;
    return good(check_room(folder, std::max<std::int64_t>(length, 0)));
  };
  request.on_body = [&](std::string_view piece) {
    if (!good(part.append(piece)) || !part.may_be_gguf()) return false;
    progress(part.size(), total);
    return true;
  };
  auto response = net::fetch(request, stop);
  if (stopped) return std::unexpected(*std::move(stopped));
  return response;
}

Result<void> download(Part& part, std::string url, const std::string& folder,
                      const Progress& progress, const std::stop_token& stop) {
  for (int redirects = 0;; ++redirects) {
    if (!may_pull_from(url)) {
      return fail(Code::kUsage, "a model comes by https, not from " + url,
                  "http is allowed from this machine alone");
    }
    NAESTRO_LET(const net::Response response, get(part, url, folder, progress, stop));
    const int status = response.status;
    if (status / 100 == 2 || (status == 416 && part.size() > 0)) return {};  // 416: all is there
    if (status / 100 != 3 || response.redirect.empty() || redirects == kRedirectsMax) {
      return fail(Code::kIo, url + " answers with status " + std::to_string(status),
                  "check the address");
    }
    url = response.redirect;
  }
}

models::GgufHead head_of(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  std::string bytes(kHeadBytesMax, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return models::read_gguf_head(bytes).value_or(models::GgufHead{});
}

cli::PulledModel pulled(const contract::ModelContract& model, const std::string& file, bool there) {
  return {.name = model.name,
          .file = file,
          .context_tokens = model.context_tokens,
          .licence = model.licence,
          .there_already = there,
          .chat_template = head_of(file).chat_template};
}

std::string contract_text(const std::string& name, const std::string& sha256,
                          const models::GgufHead& head) {
  const std::int64_t context =
      head.context_tokens > 0 ? std::min(head.context_tokens, kContextMax) : kContextUnknown;
  return json::pretty(json::Object{
      {"name", name},
      {"kind", "model.local"},
      {"file", name + ".gguf"},
      {"file_sha256", sha256},
      {"context_tokens", context},
      {"usd_per_mtok_in", "0"},
      {"usd_per_mtok_out", "0"},
      {"price_list", "local/1"},
      {"licence",
       head.licence.empty() || !is_utf8(head.licence) ? "unknown" : shorten(head.licence, 64)}});
}

}  // namespace

bool may_pull_from(std::string_view url) {
  return url.starts_with("https://") || contract::on_this_machine(url);
}

std::string name_by_url(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  std::string name = ascii_lower(url.substr(url.rfind('/') + 1));
  if (name.ends_with(".gguf")) name.resize(name.size() - 5);
  return contract::is_model_name(name) ? name : "";
}

LoadedModels load_models(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{folder, ignored}) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().string());
  }
  std::ranges::sort(names);
  std::vector<std::string> texts;
  texts.reserve(names.size());  // the catalog's files are views of them
  const auto shipped = contract::embedded_models();
  std::vector<EmbeddedFile> files{shipped.begin(), shipped.end()};
  LoadedModels loaded;
  const auto leave_out = [&loaded](const std::string& file, const Error& error) {
    loaded.faults.push_back({.file = file,
                             .message = "this model is left out: " + error.text(),
                             .remedy = "mend or remove the file, or pull the model again"});
  };
  for (const std::string& name : names) {
    auto text = ledger::read_whole(name, kContractBytesMax);
    if (!text) {
      leave_out(name, text.error());
      continue;
    }
    texts.push_back(*std::move(text));
    files.push_back({name, texts.back()});
  }
  auto all = contract::ModelCatalog::from(files);
  if (!all) {  // one after the other, to find those to leave out
    std::vector<EmbeddedFile> good{shipped.begin(), shipped.end()};
    for (const EmbeddedFile& file : std::span{files}.subspan(shipped.size())) {
      good.push_back(file);
      all = contract::ModelCatalog::from(good);
      if (all) continue;
      leave_out(std::string{file.name}, all.error());
      good.pop_back();
    }
    all = contract::ModelCatalog::from(good);
    check(all.has_value(), "the shipped models are well formed");
  }
  loaded.catalog = *std::move(all);
  return loaded;
}

Result<cli::PulledModel> pull_model(const contract::ModelCatalog& models, const PullPlaces& places,
                                    const cli::PullOrder& order, const Progress& progress,
                                    std::stop_token stop) {
  const std::string sha256 = ascii_lower(order.sha256);
  const auto expected = digest_from_hex(sha256);
  if (!expected) return fail(Code::kUsage, "--sha256: " + expected.error().message);
  const std::string name = order.name.empty() ? name_by_url(order.url) : order.name;
  if (!contract::is_model_name(name)) {
    return fail(Code::kUsage,
                order.name.empty() ? "the URL gives the model no name"
                                   : "'" + shorten(name, 64) + "' cannot be a model's name",
                "give one with --name: small letters, digits, '.', '_' and '-'");
  }
  const contract::ModelContract* known = models.find(name);
  if (known != nullptr && known->file_sha256 != *expected) {
    return fail(Code::kUsage, "another model is called '" + name + "' already",
                "give it another name with --name");
  }
  const std::string file = places.files + "/" + (known != nullptr ? known->file : name + ".gguf");
  std::error_code ignored;
  if (known != nullptr && fs::exists(file, ignored)) return pulled(*known, file, true);

  NAESTRO_TRY(ledger::make_folder(places.files));
  NAESTRO_LET(Part part, Part::open(file + "." + sha256.substr(0, 16) + ".part"));
  if (!part.may_be_gguf()) NAESTRO_TRY(part.clear());
  if (auto done = download(part, order.url, places.files, progress, stop); !done) {
    if (part.size() == 0) part.remove();  // nothing to go on with
    Error error = std::move(done).error();
    if (error.code == Code::kInterrupted) {
      error.message = "the download of " + name + " was stopped, " + std::to_string(part.size()) +
                      " bytes of it are kept";
      error.remedy = "give the same command again: it goes on from there";
    }
    return std::unexpected(std::move(error));
  }
  if (part.size() < static_cast<std::int64_t>(kMagicBytes) || !part.may_be_gguf()) {
    part.remove();
    return no_gguf(order.url);
  }
  if (const Digest digest = part.digest(); digest != *expected) {
    part.remove();
    return fail(Code::kCrypto,
                order.url + " has the SHA-256 " + hex(digest) + ", not " + sha256 +
                    "; what came was removed",
                "compare the hash with the one that the model's author publishes");
  }
  NAESTRO_TRY(part.become(file));
  if (known != nullptr) return pulled(*known, file, false);
  const std::string text = contract_text(name, sha256, head_of(file));
  NAESTRO_LET(const contract::ModelContract model, contract::parse_model(name + ".json", text));
  NAESTRO_TRY(ledger::make_folder(places.contracts));
  NAESTRO_TRY(ledger::write_durably(places.contracts + "/" + name + ".json", as_bytes(text), 0644));
  return pulled(model, file, false);
}

}  // namespace naestro::app
