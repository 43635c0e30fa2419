"""The GStreamer RTSP server, an RTSP server that is not ours. Run as a program of its own:

    gst_rtsp.py ADDRESS PORT [--user USER --password PASSWORD] [--tls PEM] [--multicast GROUP PORT]

It serves the mounts below, live, and prints "ready" when it listens. With --tls it speaks rtsps only (PEM holds
certificate and key); with --multicast it offers that group and nothing else.
"""

import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

VIDEO = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=25/1 ! "
AUDIO = "audiotestsrc is-live=true volume=0.2 ! audio/x-raw,rate=8000,channels=1 ! "
H264 = VIDEO + "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay name=pay0 pt=96 config-interval=1"
H265 = VIDEO + "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph265pay name=pay0 pt=96 config-interval=1"
MJPEG = VIDEO.replace("video/x-raw,", "video/x-raw,format=I420,") + "jpegenc ! rtpjpegpay name=pay0 pt=26"
MJPEG422 = VIDEO.replace("video/x-raw,", "video/x-raw,format=Y42B,") + "jpegenc quality=40 ! rtpjpegpay name=pay0 pt=26"
AAC = " audiotestsrc is-live=true volume=0.2 ! audio/x-raw,rate=16000,channels=1 ! avenc_aac ! rtpmp4gpay name=pay1 pt=97"
LATM = AAC.replace("rtpmp4gpay", "rtpmp4apay")
PCMA = " " + AUDIO + "alawenc ! rtppcmapay name=pay1 pt=8"
# At 24 and 40 kbit/s this payloader sends noise: FFmpeg hears it too.
G726 = " " + AUDIO + "avenc_g726 bitrate={} ! rtpg726pay force-aal2=false max-ptime=40000000 name=pay1 pt=97"
OPUS = " audiotestsrc is-live=true volume=0.2 ! audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay name=pay1 pt=97"

MOUNTS = {"/h264-aac": H264 + AAC, "/h264": H264, "/h264-g711": H264 + PCMA, "/h265": H265, "/mjpeg": MJPEG,
          "/mjpeg422": MJPEG422, "/h264-latm": H264 + LATM, "/h264-opus": H264 + OPUS,
          **{f"/h264-g726-{kbps}": H264 + G726.format(kbps * 1000) for kbps in (16, 32)}}


def secure(server, options):
    auth = GstRtspServer.RTSPAuth()
    if options.user:
        auth.set_supported_methods(1 << 2)  # GST_RTSP_AUTH_DIGEST
        token = GstRtspServer.RTSPToken()
        token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, options.user)
        auth.add_digest(options.user, options.password, token)
    if options.tls:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(options.tls))
        anybody = GstRtspServer.RTSPToken()
        anybody.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "anybody")
        if not options.user:
            auth.set_default_token(anybody)
    server.set_auth(auth)


def make_factory(pipeline, options):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {pipeline} )")
    if options.user or options.tls:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role(options.user or "anybody", "media.factory.access", True)
        permissions.add_permission_for_role(options.user or "anybody", "media.factory.construct", True)
        factory.set_permissions(permissions)
    if options.multicast:
        group, port = options.multicast
        pool = GstRtspServer.RTSPAddressPool()
        pool.add_range(group, group, int(port), int(port) + 7, 1)
        factory.set_address_pool(pool)
        factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP_MCAST)
    return factory


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("port")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--tls")
    parser.add_argument("--multicast", nargs=2, metavar=("GROUP", "PORT"))
    options = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer(address=options.address, service=options.port)
    if options.user or options.tls:
        secure(server, options)
    for path, pipeline in MOUNTS.items():
        server.get_mount_points().add_factory(path, make_factory(pipeline, options))
    if server.attach(None) == 0:
        sys.exit(f"can't listen on {options.address}:{options.port}")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
