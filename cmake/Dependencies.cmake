# Everything that is not ours, all from Debian 12 (script/bootstrap installs it).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED)  # header-only use: Asio, Beast
find_package(CURL REQUIRED)
find_package(ZLIB REQUIRED)  # playlists as gzip
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale libswresample)
pkg_check_modules(GSOAP REQUIRED IMPORTED_TARGET gsoap++)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)  # passwords of users
pkg_check_modules(PUGIXML REQUIRED IMPORTED_TARGET pugixml)
if(CAMCTL_TESTS)
  find_package(doctest REQUIRED)
endif()

# Asio and Beast compiled into every file that names them: no separate compilation, no deprecated parts.
add_library(camctl_asio INTERFACE)
target_link_libraries(camctl_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(camctl_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_DATE_TIME)
