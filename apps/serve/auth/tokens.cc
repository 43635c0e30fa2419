#include "apps/serve/auth/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"

namespace camctl::apps::serve::auth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::size_t kIdLength = 8;  // of 48 random bits: enough to tell a thousand apart

Json to_json(const Tokens::Token& token) {
  Json json = {{"id", token.id}, {"name", token.name}, {"by", token.by}, {"admin", token.admin}};
  if (token.cameras) json["cameras"] = *token.cameras;
  json["created"] = token.created.count();
  if (token.expires.count() != 0) json["expires"] = token.expires.count();
  json["hash"] = token.hash;
  return json;
}

// Throws what nlohmann throws.
Tokens::Token from_json(const nlohmann::json& json) {
  Tokens::Token token;
  json.at("id").get_to(token.id);
  json.at("name").get_to(token.name);
  json.at("by").get_to(token.by);
  json.at("admin").get_to(token.admin);
  if (const auto cameras = json.find("cameras"); cameras != json.end())
    token.cameras = cameras->get<std::vector<std::string>>();
  token.created = std::chrono::seconds(json.at("created").get<std::int64_t>());
  token.expires = std::chrono::seconds(json.value("expires", std::int64_t{0}));
  json.at("hash").get_to(token.hash);
  return token;
}

PrincipalPtr principal_of(const Tokens::Token& token) {
  auto who = std::make_shared<Principal>();
  who->name = "token:" + token.name;
  who->admin = token.admin;
  if (token.cameras) who->cameras.emplace(token.cameras->begin(), token.cameras->end());
  return who;
}

}  // namespace

Result<std::unique_ptr<Tokens>> Tokens::load(std::filesystem::path file) {
  std::unique_ptr<Tokens> tokens(new Tokens(std::move(file)));
  const auto text = read_file(tokens->file_, kMaxFile);
  if (!text && text.error().code == ErrorCode::kNotFound) return tokens;
  if (!text) return fail(text.error());
  const auto broken = [&](const std::string& why) {
    return fail(ErrorCode::kConfig, fmt::format("{}: {}", tokens->file_.string(), why),
                "put it away; tokens have to be made anew then");
  };
  try {
    const auto json = nlohmann::json::parse(*text);
    if (json.at("version") != kVersion) return broken("it is of another version of camctl");
    for (const auto& one : json.at("tokens")) tokens->tokens_.push_back(from_json(one));
  } catch (const nlohmann::json::exception& e) {
    return broken("not what camctl writes");
  }
  return tokens;
}

Result<void> Tokens::save(const std::vector<Token>& tokens) const {
  Json list = Json::array();
  for (const auto& token : tokens) list.push_back(to_json(token));
  std::error_code error;
  std::filesystem::create_directories(file_.parent_path(), error);  // where that fails, so does what follows
  return write_file_atomically(file_, Json({{"version", kVersion}, {"tokens", list}}).dump(1) + "\n",
                               {.mode = 0600});
}

Result<Tokens::Made> Tokens::add(Token token, Time now) {
  const auto secret = std::string(kPrefix) + random_token();
  token.id = random_token().substr(0, kIdLength);
  token.hash = base64url(sha256(secret));
  token.created = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  const std::lock_guard lock(mutex_);
  auto next = tokens_;
  std::erase_if(next,
                [&](const Token& one) { return one.expires.count() != 0 && one.expires <= token.created; });
  if (next.size() >= kMost) return fail(ErrorCode::kLimit, "there are too many tokens", "revoke some");
  next.push_back(token);
  if (auto saved = save(next); !saved) return fail(saved.error());
  tokens_ = std::move(next);
  return Made{std::move(token), secret};
}

std::vector<Tokens::Token> Tokens::all() const {
  const std::lock_guard lock(mutex_);
  return tokens_;
}

Result<void> Tokens::remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  auto next = tokens_;
  if (std::erase_if(next, [&](const Token& token) { return token.id == id; }) == 0)
    return fail(ErrorCode::kNotFound, "there is no such token");
  if (auto saved = save(next); !saved) return saved;
  tokens_ = std::move(next);
  return {};
}

PrincipalPtr Tokens::find(std::string_view secret, const Users& users, Time now) const {
  if (!secret.starts_with(kPrefix)) return nullptr;
  const auto hash = base64url(sha256(secret));
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(tokens_, [&](const Token& token) { return equal(token.hash, hash); });
  if (found == tokens_.end()) return nullptr;
  if (found->expires.count() != 0 && now.time_since_epoch() >= found->expires) return nullptr;
  const auto* maker = users.find(found->by);
  return maker != nullptr && maker->who->admin ? principal_of(*found) : nullptr;
}

}  // namespace camctl::apps::serve::auth
