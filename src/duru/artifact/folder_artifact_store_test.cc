#include "duru/artifact/folder_artifact_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace duru {
namespace {

namespace fs = std::filesystem;

std::string file_bytes(const std::string& path) {
  std::ifstream input(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(input)), {});
}

class FolderArtifactStoreTest : public ::testing::Test {
 protected:
  FolderArtifactStoreTest() {
    std::string pattern = (fs::temp_directory_path() / "duru-test-XXXXXX").string();
    DURU_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    dir_ = pattern;
    store_ = std::move(FolderArtifactStore::open(dir_).value());
  }
  ~FolderArtifactStoreTest() override {
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
  }

  std::string write_source(const std::string& name, const std::string& bytes) const {
    std::ofstream(dir_ + "/" + name, std::ios::binary) << bytes;
    return dir_ + "/" + name;
  }
  std::string stored_bytes(const Digest& digest) const {
    return file_bytes(store_->path(digest).value());
  }
  std::ptrdiff_t temporary_count() const {
    return std::distance(fs::directory_iterator(dir_ + "/artifacts/tmp"), {});
  }
  // Makes an artifact look as if it had been put at this second.
  void age(const Digest& digest, time_t put_at_seconds) const {
    const timespec times[2] = {{put_at_seconds, 0}, {put_at_seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, store_->path(digest).value().c_str(), times, 0), 0);
  }

  std::string dir_;
  std::unique_ptr<FolderArtifactStore> store_;
};

const auto kKeepNothing = [](const Digest&) { return false; };

TEST_F(FolderArtifactStoreTest, bytes_are_kept_by_their_digest_and_read_only) {
  const Result<Artifact> artifact = store_->put_bytes("hello");
  ASSERT_TRUE(artifact.ok()) << artifact.error().message;
  EXPECT_EQ(artifact.value(), (Artifact{sha256("hello"), Bytes(5)}));
  const std::string path = store_->path(artifact.value().digest).value();
  const std::string hex = sha256("hello").hex();
  EXPECT_EQ(path, dir_ + "/artifacts/" + hex.substr(0, 2) + "/" + hex);
  EXPECT_EQ(file_bytes(path), "hello");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, mode_t{0444});
  EXPECT_EQ(temporary_count(), 0);
}

TEST_F(FolderArtifactStoreTest, nothing_is_an_artifact_too) {
  const Artifact artifact = store_->put_bytes("").value();
  EXPECT_EQ(artifact.size, Bytes(0));
  EXPECT_TRUE(store_->verify(artifact.digest).ok());
}

TEST_F(FolderArtifactStoreTest, putting_known_content_again_changes_nothing) {
  const Artifact first = store_->put_bytes("same").value();
  struct stat before {};
  ASSERT_EQ(::stat(store_->path(first.digest).value().c_str(), &before), 0);
  const std::string source = write_source("source", "same");
  EXPECT_EQ(store_->put_bytes("same").value(), first);
  EXPECT_EQ(store_->put_file(source, PutMode::kCopy).value(), first);
  EXPECT_EQ(store_->put_file(source, PutMode::kLink).value(), first);
  struct stat after {};
  ASSERT_EQ(::stat(store_->path(first.digest).value().c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(store_->list().value().size(), 1U);
  EXPECT_EQ(temporary_count(), 0);
}

TEST_F(FolderArtifactStoreTest, a_copied_file_may_change_afterwards) {
  const std::string source = write_source("source", "before");
  const Artifact artifact = store_->put_file(source, PutMode::kCopy).value();
  write_source("source", "after!");
  EXPECT_EQ(stored_bytes(artifact.digest), "before");
}

TEST_F(FolderArtifactStoreTest, a_linked_file_takes_no_second_room_and_can_be_put_again) {
  const std::string source = write_source("source", "weights");
  const Artifact artifact = store_->put_file(source, PutMode::kLink).value();
  EXPECT_TRUE(fs::equivalent(source, store_->path(artifact.digest).value()));
  EXPECT_EQ(store_->put_file(source, PutMode::kLink).value(), artifact) << "as after a crash";
  EXPECT_EQ(temporary_count(), 0);
  fs::remove(source);
  EXPECT_EQ(stored_bytes(artifact.digest), "weights");
  EXPECT_TRUE(store_->verify(artifact.digest).ok());
}

TEST_F(FolderArtifactStoreTest, only_regular_files_can_be_put) {
  const std::string secret = write_source("secret", "secret");
  fs::create_symlink(secret, dir_ + "/link");
  ASSERT_EQ(::mkfifo((dir_ + "/pipe").c_str(), 0600), 0);
  for (const PutMode mode : {PutMode::kCopy, PutMode::kLink}) {
    for (const char* name : {"/link", "/pipe", "/artifacts"}) {
      const Result<Artifact> put = store_->put_file(dir_ + name, mode);
      ASSERT_FALSE(put.ok()) << name;
      EXPECT_EQ(put.error().code, ErrorCode::kInvalid) << put.error().message;
    }
    EXPECT_EQ(store_->put_file(dir_ + "/none", mode).error().code, ErrorCode::kNotFound);
  }
  EXPECT_TRUE(store_->list().value().empty());
}

TEST_F(FolderArtifactStoreTest, a_stream_is_read_to_its_end_and_not_beyond_its_limit) {
  int ends[2];
  const std::string bytes(1'000'000, 'z');
  for (const std::int64_t size_max : {1'000'000, 999'999}) {
    ASSERT_EQ(::pipe(ends), 0);
    std::thread writer([&] {
      // Shorter if the reader gives up, which then is what the test expects.
      for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t count = ::write(ends[1], bytes.data() + sent, bytes.size() - sent);
        if (count <= 0) break;
        sent += static_cast<std::size_t>(count);
      }
      ::close(ends[1]);
    });
    const Result<Artifact> put = store_->put_stream(ends[0], Bytes(size_max));
    std::string rest(1 << 16, '\0');
    while (::read(ends[0], rest.data(), rest.size()) > 0) {
    }
    ::close(ends[0]);
    writer.join();
    if (size_max == 1'000'000) {
      EXPECT_EQ(put.value(), (Artifact{sha256(bytes), Bytes(1'000'000)}));
    } else {
      ASSERT_FALSE(put.ok());
      EXPECT_EQ(put.error().code, ErrorCode::kExhausted);
      EXPECT_FALSE(put.error().retryable);
    }
    EXPECT_EQ(temporary_count(), 0);
  }
}

TEST_F(FolderArtifactStoreTest, pieces_make_one_artifact_and_an_unfinished_one_leaves_nothing) {
  {
    auto writer = std::move(store_->begin().value());
    ASSERT_TRUE(writer->write("unfinished").ok());
    EXPECT_EQ(temporary_count(), 1);
  }
  EXPECT_EQ(temporary_count(), 0);
  auto writer = std::move(store_->begin().value());
  ASSERT_TRUE(writer->write("one ").ok());
  ASSERT_TRUE(writer->write("two").ok());
  EXPECT_EQ(writer->finish().value(), (Artifact{sha256("one two"), Bytes(7)}));
}

TEST_F(FolderArtifactStoreTest, what_is_not_there_is_not_found) {
  const Digest digest = sha256("nowhere");
  EXPECT_FALSE(store_->exists(digest));
  EXPECT_EQ(store_->size(digest).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->path(digest).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->open(digest).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->verify(digest).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->remove(digest).error().code, ErrorCode::kNotFound);
}

TEST_F(FolderArtifactStoreTest, an_open_artifact_can_be_read_after_its_removal) {
  const Digest digest = store_->put_bytes("last words").value().digest;
  const int descriptor = store_->open(digest).value();
  ASSERT_TRUE(store_->remove(digest).ok());
  EXPECT_FALSE(store_->exists(digest));
  char buffer[32];
  EXPECT_EQ(::read(descriptor, buffer, sizeof buffer), 10);
  ::close(descriptor);
}

TEST_F(FolderArtifactStoreTest, damage_is_found_and_mended_by_putting_the_content_again) {
  const Digest digest = store_->put_bytes("precious").value().digest;
  const std::string path = store_->path(digest).value();
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  std::ofstream(path, std::ios::binary) << "precio";
  EXPECT_EQ(store_->verify(digest).error().code, ErrorCode::kDamaged);
  ASSERT_TRUE(store_->put_bytes("precious").ok());
  EXPECT_TRUE(store_->verify(digest).ok());
}

TEST_F(FolderArtifactStoreTest, opening_sweeps_away_what_a_crash_left) {
  const Digest digest = store_->put_bytes("kept").value().digest;
  write_source("artifacts/tmp/123-0", "half a mod");
  store_ = std::move(FolderArtifactStore::open(dir_).value());
  EXPECT_EQ(temporary_count(), 0);
  EXPECT_TRUE(store_->verify(digest).ok());
}

TEST_F(FolderArtifactStoreTest, a_sweep_takes_what_is_old_and_not_kept) {
  const Digest old = store_->put_bytes("old").value().digest;
  const Digest wanted = store_->put_bytes("old but wanted").value().digest;
  const Digest young = store_->put_bytes("young").value().digest;
  age(old, 1000);
  age(wanted, 1000);
  age(young, 3000);
  const auto swept =
      store_->sweep([&](const Digest& digest) { return digest == wanted; }, Timestamp(2'000'000));
  ASSERT_TRUE(swept.ok());
  EXPECT_EQ(swept.value(), (std::vector<Artifact>{{old, Bytes(3)}}));
  EXPECT_FALSE(store_->exists(old));
  EXPECT_TRUE(store_->exists(wanted));
  EXPECT_TRUE(store_->exists(young));
}

TEST_F(FolderArtifactStoreTest, content_that_is_touched_is_young_again) {
  const Digest digest = store_->put_bytes("again").value().digest;
  age(digest, 1000);
  EXPECT_EQ(store_->touch(digest).value(), Bytes(5));
  EXPECT_TRUE(store_->sweep(kKeepNothing, Timestamp(2'000'000)).value().empty());
  EXPECT_EQ(store_->touch(sha256("never put")).error().code, ErrorCode::kNotFound);
}

TEST_F(FolderArtifactStoreTest, content_that_is_put_again_is_young_again) {
  const Digest digest = store_->put_bytes("again").value().digest;
  age(digest, 1000);
  ASSERT_TRUE(store_->put_bytes("again").ok());
  EXPECT_TRUE(store_->sweep(kKeepNothing, Timestamp(2'000'000)).value().empty());
  age(digest, 1000);
  const std::string source = write_source("source", "linked");
  const timespec long_ago[2] = {{1000, 0}, {1000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, source.c_str(), long_ago, 0), 0);
  const Digest linked = store_->put_file(source, PutMode::kLink).value().digest;
  EXPECT_EQ(store_->sweep(kKeepNothing, Timestamp(2'000'000)).value().size(), 1U);
  EXPECT_TRUE(store_->exists(linked));
}

TEST_F(FolderArtifactStoreTest, many_threads_may_put_the_same_content) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) {
        EXPECT_TRUE(store_->put_bytes("shared " + std::to_string(j)).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_->list().value().size(), 20U);
  EXPECT_EQ(temporary_count(), 0);
}

// In a child: the limit on file sizes stands in for a disk that is full.
int put_on_a_full_disk(FolderArtifactStore& store, const std::string& source) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{100'000, 100'000};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
  const Result<Artifact> bytes = store.put_bytes(std::string(150'000, 'x'));
  const Result<Artifact> file = store.put_file(source, PutMode::kCopy);
  for (const Result<Artifact>* put : {&bytes, &file}) {
    if (put->ok()) return 2;
    if (put->error().code != ErrorCode::kExhausted || !put->error().retryable) return 3;
  }
  return store.put_bytes("small").ok() ? 0 : 4;
}

TEST_F(FolderArtifactStoreTest, a_full_disk_is_said_to_be_retryable_and_leaves_nothing) {
  const std::string source = write_source("source", std::string(200'000, 'y'));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(put_on_a_full_disk(*store_, source));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(temporary_count(), 0);
  EXPECT_EQ(store_->list().value(), (std::vector<Artifact>{{sha256("small"), Bytes(5)}}));
}

}  // namespace
}  // namespace duru
