#include "duru/http/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "duru/base/assert.h"
#include "duru/http/openssl_handles.h"

namespace duru::http {
namespace {

Error invalid(const std::string& what) {
  ERR_clear_error();
  return Error{ErrorCode::kInvalid, "TLS: " + what, false, false};
}

// OpenSSL's own sockets raise SIGPIPE; these do not.
int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int write_socket(BIO* bio, const char* bytes, int count) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(fd_of(bio), bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int read_socket(BIO* bio, char* into, int count) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = ::recv(fd_of(bio), into, static_cast<std::size_t>(count), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (got == 0) errno = 0;  // the end of the bytes, and no fault of this machine
  return static_cast<int>(got);
}

long control_socket(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const kMethod = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    const bool done = made != nullptr && BIO_meth_set_write(made, write_socket) == 1 &&
                      BIO_meth_set_read(made, read_socket) == 1 &&
                      BIO_meth_set_ctrl(made, control_socket) == 1;
    DURU_ASSERT(done);
    return made;
  }();
  return kMethod;
}

std::shared_ptr<SSL_CTX> new_context(const SSL_METHOD* method) {
  std::shared_ptr<SSL_CTX> made(SSL_CTX_new(method), SSL_CTX_free);
  DURU_ASSERT(made != nullptr);
  const long has_floor = SSL_CTX_set_min_proto_version(made.get(), TLS1_2_VERSION);
  DURU_ASSERT(has_floor == 1);
  // AES-128 with SHA-256 before AES-256 with SHA-384: a whole handshake then costs a server a tenth
  // less, and nodes for which it keeps no connection make one for each sync.
  const int has_suites = SSL_CTX_set_ciphersuites(
      made.get(), "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  DURU_ASSERT(has_suites == 1);
  SSL_CTX_set_options(made.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(made.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                   SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
  return made;
}

// In the words of somebody who can do something about it.
std::string describe_verification(long result, const std::string& host) {
  const std::string certificate(kNotBelieved);
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return certificate + " has expired, by this machine's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return certificate + " is not valid yet, by this machine's clock";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return certificate + " is not for " + host;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return certificate + " is not signed by the CA that is trusted here";
    default:
      return certificate + ": " + X509_verify_cert_error_string(result);
  }
}

// The other side does not speak TLS at all.
bool is_plain(int reason) {
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_BAD_RECORD_TYPE ||
         reason == SSL_R_UNEXPECTED_MESSAGE;
}

}  // namespace

Result<TlsContext> TlsContext::for_server(const TlsIdentity& identity) {
  const std::shared_ptr<SSL_CTX> made = new_context(TLS_server_method());
  SSL_CTX_set_num_tickets(made.get(), 0);
  SSL_CTX_set_read_ahead(made.get(), 1);  // a record's head and body in one call
  auto chain = read_certificates(identity.chain_pem);
  if (chain.empty()) return invalid("the server's chain has no certificate (PEM)");
  const auto key = read_key(identity.key_pem);
  if (key == nullptr) return invalid("the server's private key is none (PEM)");
  if (SSL_CTX_use_certificate(made.get(), chain.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(made.get(), key.get()) != 1 ||
      SSL_CTX_check_private_key(made.get()) != 1) {
    return invalid("the private key is not that of the server's certificate");
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(made.get(), chain[i].get()) != 1) {
      return invalid("the server's chain is not taken");
    }
  }
  return TlsContext(made);
}

Result<TlsContext> TlsContext::for_client(const TlsTrust& trust) {
  const std::shared_ptr<SSL_CTX> made = new_context(TLS_client_method());
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;  // what is trusted may be no root
  if (!trust.checks_dates) flags |= X509_V_FLAG_NO_CHECK_TIME;
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(made.get()), flags);
  if (trust.ca_pem.empty()) {
    if (SSL_CTX_set_default_verify_paths(made.get()) != 1) {
      return invalid("this system has no CAs to trust");
    }
  } else {
    const auto trusted = read_certificates(trust.ca_pem);
    if (trusted.empty()) return invalid("what shall be trusted is no certificate (PEM)");
    for (const auto& one : trusted) {
      if (X509_STORE_add_cert(SSL_CTX_get_cert_store(made.get()), one.get()) != 1) {
        return invalid("a certificate that shall be trusted is not taken");
      }
    }
  }
  TlsContext context(made);
  context.checks_name_ = trust.checks_name;
  return context;
}

Result<TlsContext> TlsContext::for_onlooker() {
  return TlsContext(new_context(TLS_client_method()));
}

void TlsSession::Free::operator()(ssl_st* session) const { SSL_free(session); }

TlsSession::TlsSession(const TlsContext& context, int fd)
    : session_(SSL_new(context.context_.get())) {
  BIO* bio = BIO_new(socket_method());
  DURU_ASSERT(session_ != nullptr && bio != nullptr);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(session_.get(), bio, bio);
}

TlsSession TlsSession::accept(const TlsContext& context, int fd) {
  TlsSession made(context, fd);
  SSL_set_accept_state(made.session_.get());
  return made;
}

TlsSession TlsSession::connect(const TlsContext& context, int fd, const std::string& host) {
  TlsSession made(context, fd);
  made.host_ = host;
  SSL_set_connect_state(made.session_.get());
  X509_VERIFY_PARAM* checked = SSL_get0_param(made.session_.get());
  const std::string bare = host.substr(0, host.find('%'));  // an IPv6 address without its zone
  const bool is_ip = is_ip_address(bare);
  if (!is_ip) {
    SSL_ctrl(made.session_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(bare.c_str()));
  }
  if (context.checks_name_) {
    const int done = is_ip ? X509_VERIFY_PARAM_set1_ip_asc(checked, bare.c_str())
                           : X509_VERIFY_PARAM_set1_host(checked, bare.c_str(), bare.size());
    DURU_ASSERT(done == 1);
  }
  ERR_clear_error();
  return made;
}

TlsSession::Step TlsSession::handshake() {
  ERR_clear_error();
  return step_of(SSL_do_handshake(session_.get()), 0);
}

TlsSession::Step TlsSession::read(char* into, std::size_t bytes_max) {
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(session_.get(), into, bytes_max, &got);
  return step_of(result, got);
}

TlsSession::Step TlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  std::size_t written = 0;
  const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written);
  return step_of(result, written);
}

bool TlsSession::has_bytes() const { return SSL_has_pending(session_.get()) == 1; }

TlsSession::Step TlsSession::look() {
  ERR_clear_error();
  char byte = 0;
  std::size_t got = 0;
  const int result = SSL_peek_ex(session_.get(), &byte, 1, &got);
  return step_of(result, got);
}

void TlsSession::end() {
  if (broken_ || SSL_is_init_finished(session_.get()) == 0) return;
  ERR_clear_error();
  if (SSL_shutdown(session_.get()) < 0) ERR_clear_error();
}

TlsSession::Step TlsSession::step_of(int result, std::size_t bytes) {
  using End = Step::End;
  if (result > 0) return {End::kDone, bytes};
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {End::kWantRead, 0};
    case SSL_ERROR_WANT_WRITE:
      return {End::kWantWrite, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {End::kEnded, 0};
    default:
      if (!broken_) fault_ = describe_failure();
      broken_ = true;
      ERR_clear_error();
      return {End::kFailed, 0};
  }
}

std::string TlsSession::describe_failure() const {
  const int system_fault = errno;
  const unsigned long error = ERR_peek_error();
  if (error == 0) {
    const std::string what = "the connection broke off";
    return system_fault == 0 ? what : system_error(what, system_fault).message;
  }
  const int reason = ERR_GET_REASON(error);
  const long verified = SSL_get_verify_result(session_.get());
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) return describe_verification(verified, host_);
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) return "the connection broke off";
  const bool is_begun = SSL_is_init_finished(session_.get()) != 0;
  if (!is_begun && is_plain(reason)) return "the other side does not speak TLS";
  const char* text = ERR_reason_error_string(error);
  return text == nullptr ? "TLS failed" : std::string("TLS: ") + text;
}

std::string TlsSession::shown_certificate(std::string_view fingerprint) const {
  const STACK_OF(X509)* shown = SSL_get_peer_cert_chain(session_.get());
  for (int i = 0; shown != nullptr && i < sk_X509_num(shown); ++i) {
    X509* one = sk_X509_value(shown, i);
    if (fingerprint_of(one) == fingerprint) return pem_of(one);
  }
  return "";
}

}  // namespace duru::http
