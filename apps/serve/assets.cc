#include "apps/serve/assets.h"

#include <array>
#include <utility>

#include "apps/serve/routes.h"
#include "base/atomic_file.h"

namespace camctl::apps::serve {
namespace {

// The page loads nothing from elsewhere and runs no inline script; hls.js plays through blob: addresses.
constexpr const char* kPagePolicy =
    "default-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

Response asset_response(const Asset& asset) {
  Response response;
  response.content_type = asset.content_type;
  response.cache_control = "no-cache";  // names stay when contents change; the tag makes it cheap
  response.ranges = true;
  if (asset.content_type.starts_with("text/html")) {
    response.headers.emplace_back("Content-Security-Policy", kPagePolicy);
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
  }
  if (asset.file.empty()) {
    response.body = asset.body;
    response.etag = asset.etag;
    return response;
  }
  auto content = read_file(asset.file, kMaxAsset);
  if (!content) return error_response(content.error());
  response.etag = content_etag(*content);
  response.body = make_body(std::move(*content));
  return response;
}

}  // namespace

std::string_view content_type_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".webmanifest", "application/manifest+json"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
      {".map", "application/json"},
  }};
  for (const auto& [ending, type] : kTypes)
    if (name.ends_with(ending)) return type;
  return "application/octet-stream";
}

Result<std::vector<Asset>> load_assets(std::span<const EmbeddedFile> files,
                                       const std::filesystem::path& folder) {
  std::vector<Asset> assets;
  for (const auto& file : files) {
    Asset asset;
    asset.url = file.url;
    asset.content_type = content_type_of(file.source);
    if (folder.empty()) {
      auto body = std::make_shared<hls::Body>();
      body->pieces.emplace_back(reinterpret_cast<const std::uint8_t*>(file.content.data()),
                                file.content.size());
      body->size = file.content.size();
      asset.body = std::move(body);
      asset.etag = content_etag(file.content);
    } else {
      asset.file = folder / file.source.substr(file.source.find('/') + 1);
      if (!std::filesystem::is_regular_file(asset.file))
        return fail(ErrorCode::kIo, "there is no file " + asset.file.string(),
                    "--web-dir wants the project's folder web");
    }
    assets.push_back(std::move(asset));
  }
  return assets;
}

void add_asset_routes(std::vector<Route>& routes, const std::vector<Asset>& assets) {
  for (const auto& asset : assets) {
    routes.push_back(
        {Method::kGet, asset.url,
         [&asset](const RequestPtr&, const ExchangePtr& exchange) { exchange->send(asset_response(asset)); },
         "a file of the dashboard",
         // The page itself sends whoever is not logged in to the log-in page, which needs some of the others.
         asset.url == "/" ? Access::kFiltered : Access::kPublic});
  }
}

}  // namespace camctl::apps::serve
