"""The GStreamer RTSP server, an RTSP server that is not ours. Run as a program of its own:

    gst_rtsp.py ADDRESS PORT [USER PASSWORD]

It serves /h264-aac, /h264, /h264-g711, /h265 and /mjpeg, live, and prints "ready" when it listens.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

VIDEO = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=25/1 ! "
AUDIO = "audiotestsrc is-live=true volume=0.2 ! audio/x-raw,rate=8000,channels=1 ! "
H264 = VIDEO + "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay name=pay0 pt=96 config-interval=1"
H265 = VIDEO + "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph265pay name=pay0 pt=96 config-interval=1"
MJPEG = VIDEO.replace("video/x-raw,", "video/x-raw,format=I420,") + "jpegenc ! rtpjpegpay name=pay0 pt=26"
AAC = " audiotestsrc is-live=true volume=0.2 ! audio/x-raw,rate=16000,channels=1 ! avenc_aac ! rtpmp4gpay name=pay1 pt=97"
PCMA = " " + AUDIO + "alawenc ! rtppcmapay name=pay1 pt=8"

MOUNTS = {"/h264-aac": H264 + AAC, "/h264": H264, "/h264-g711": H264 + PCMA, "/h265": H265, "/mjpeg": MJPEG}


def authenticate(server, user, password):
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(1 << 2)  # GST_RTSP_AUTH_DIGEST
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, user)
    auth.add_digest(user, password, token)
    server.set_auth(auth)


def main(address, port, user=None, password=None):
    Gst.init(None)
    server = GstRtspServer.RTSPServer(address=address, service=port)
    if user:
        authenticate(server, user, password)
    for path, pipeline in MOUNTS.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {pipeline} )")
        if user:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role(user, "media.factory.access", True)
            permissions.add_permission_for_role(user, "media.factory.construct", True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(path, factory)
    if server.attach(None) == 0:
        sys.exit(f"can't listen on {address}:{port}")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
